using System.Text.Json.Nodes;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests;

/// <summary>What a bundle judge says of honest and of tampered bundles.</summary>
public sealed class BundleTests
{
    internal static Bundle Read(BundleBytes bytes) => Bundle.Read(new MemoryStream(bytes.ToArray()));

    [Fact]
    public void The_coins_are_those_of_the_published_test_vectors()
    {
        // SplitMix64 seeded with 1234567: its first two outputs.
        const ulong Golden = 0x9E3779B97F4A7C15;
        Assert.Equal(6457827717110365317UL, Coin.Mix(unchecked(1234567UL + Golden)));
        Assert.Equal(3203168211198807973UL, Coin.Mix(unchecked(1234567UL + (2 * Golden))));
    }

    [Theory]
    [InlineData("lose-all")]
    [InlineData("keep-all")]
    [InlineData("random:0.5")]
    [InlineData("random:1E-05")]
    [InlineData("random:1")]
    [InlineData("aged:0.9..0.1")]
    [InlineData("aged:0..1")]
    [InlineData("fifo")]
    [InlineData("epoch")]
    [InlineData("adversary")]
    [InlineData("explicit:1,6.0,8.1-2")]
    public void An_honest_bundle_is_legal_as_claimed_and_replayed(string loss)
    {
        for (ulong seed = 1; seed <= 300; seed++)
        {
            bool mayTie = seed % 5 == 0;
            BundleVerdict verdict = BundleJudge.Judge(Read(new BundleBytes(BundleCase.Draw(new Dice(seed), loss, mayTie))));
            Assert.True(verdict.IsGood, $"seed {seed}: {verdict.Message}");
        }
    }

    [Theory]
    [InlineData("random:0.5")]
    [InlineData("fifo")]
    [InlineData("explicit:1,6.0,8.1-2")]
    public void A_command_is_judged_by_the_promises_it_was_accepted_under(string loss)
    {
        int refused = 0;
        for (ulong seed = 1; seed <= 300; seed++)
        {
            BundleCase drawn = BundleCase.Draw(new Dice(seed), loss, mayTie: seed % 5 == 0, ownPromises: true);
            BundleVerdict verdict = BundleJudge.Judge(Read(new BundleBytes(drawn)));
            Assert.True(verdict.IsGood, $"seed {seed}: {verdict.Message}");

            // Without its own promises it is another command: a reader that passed over them would have to notice here.
            BundleBytes without = new(drawn);
            foreach (JsonNode? command in without.Manifest["pending"]!.AsArray())
            {
                command!.AsObject().Remove("atomicity");
            }

            refused += BundleJudge.Judge(Read(without)).IsGood ? 0 : 1;
        }

        Assert.True(refused > 20, $"{refused} of 300");
    }

    [Fact]
    public void Promises_of_a_commands_own_that_cannot_be_are_named()
    {
        BundleBytes bytes = new(BundleCase.Draw(new Dice(5), "keep-all", ownPromises: true));
        JsonArray pending = bytes.Manifest["pending"]!.AsArray();
        int own = Enumerable.Range(0, pending.Count).First(i => pending[i]!["atomicity"] is not null);
        pending[own]!["atomicity"]!["awupfBytes"] = 100;
        BundleFormatException refusal = Assert.Throws<BundleFormatException>(() => Read(bytes));
        Assert.Equal($"pending[{own}].atomicity", refusal.Place);
    }

    [Fact]
    public void In_version_1_a_commands_own_promises_are_a_member_like_any_unknown_one()
    {
        BundleCase drawn = BundleCase.Draw(new Dice(5), "keep-all");
        BundleBytes bytes = new(drawn);
        bytes.Manifest["pending"]!.AsArray()[0]!["atomicity"] = "not even an object";
        Assert.True(BundleJudge.Judge(Read(bytes)).IsGood);
    }

    [Fact]
    public void A_changed_byte_of_the_result_is_refused_by_all_three()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            Dice dice = new(seed);
            BundleCase drawn = BundleCase.Draw(dice, "random:0.5");
            int[] touched = [.. drawn.TouchedBlocks()];
            drawn.New[(touched[dice.Below(touched.Length)] * BundleCase.Block) + dice.Below(BundleCase.Block)] ^= 0x80;
            BundleVerdict verdict = BundleJudge.Judge(Read(new BundleBytes(drawn)));
            Assert.Equal(VerdictKind.Illegal, verdict.Legality.Kind);
            Assert.Equal(VerdictKind.Illegal, verdict.Claims.Kind);
            Assert.Equal(VerdictKind.Illegal, verdict.Replay.Kind);
            Assert.Contains("the old content", verdict.Message);
        }
    }

    [Theory]
    [InlineData("lose-all")]
    [InlineData("random:0.5")]
    [InlineData("fifo")]
    public void A_command_that_had_to_survive_does_whatever_the_model_says(string loss)
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            BundleVerdict verdict = BundleJudge.Judge(Read(new BundleBytes(BundleCase.Draw(new Dice(seed), loss, mustSurvive: true))));
            Assert.True(verdict.IsGood, $"seed {seed}: {verdict.Message}");
        }
    }

    [Fact]
    public void A_command_that_had_to_survive_and_does_not_show_is_not_legal()
    {
        int refused = 0;
        for (ulong seed = 1; seed <= 50; seed++)
        {
            BundleCase drawn = BundleCase.Draw(new Dice(seed), "lose-all");
            BundlePending newest = drawn.Pending[^1];
            bool shows = newest.LiveBlocks().All(b => drawn.New.AsSpan(b * BundleCase.Block, BundleCase.Block)
                .SequenceEqual(newest.Payload.AsSpan((b - newest.At) * BundleCase.Block, BundleCase.Block)));
            BundleBytes bytes = new(drawn);
            bytes.Manifest["pending"]!.AsArray()[^1]!["mustSurvive"] = true;
            Verdict legality = BundleJudge.Judge(Read(bytes)).Legality;
            Assert.True(legality.IsLegal == shows, $"seed {seed}: {legality}");
            refused += shows ? 0 : 1;
        }

        Assert.True(refused > 25, $"{refused}");
    }

    [Fact]
    public void Another_seed_is_legal_and_as_claimed_but_not_what_the_seed_makes()
    {
        BundleCase drawn = BundleCase.Draw(new Dice(7), "random:0.5", mayTie: true);
        BundleBytes bytes = new(drawn);
        bytes.Manifest["report"]!["seed"] = (drawn.Seed + 1).ToString();
        BundleVerdict verdict = BundleJudge.Judge(Read(bytes));
        Assert.True(verdict.Legality.IsLegal && verdict.Claims.IsLegal, verdict.Message);
        Assert.Equal(VerdictKind.Illegal, verdict.Replay.Kind);
    }

    [Fact]
    public void A_claim_that_lies_about_a_survivor_that_shows_is_refused()
    {
        int refusedAsClaimed = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            BundleCase drawn = BundleCase.Draw(new Dice(seed), "random:1");
            BundleBytes bytes = new(drawn);
            JsonNode newest = bytes.Manifest["pending"]!.AsArray()[^1]!;
            (newest["kept"], newest["lost"]) = (new JsonArray(), newest["kept"]!.DeepClone());
            newest["outcome"] = "lost";
            BundleVerdict verdict = BundleJudge.Judge(Read(bytes));
            Assert.True(verdict.Legality.IsLegal, $"seed {seed}: {verdict.Message}");
            Assert.False(verdict.IsGood, $"seed {seed}");
            Assert.Equal(VerdictKind.Illegal, verdict.Replay.Kind);
            refusedAsClaimed += verdict.Claims.IsLegal ? 0 : 1;
        }

        // In the others something else happens to hold the same bytes: the claim is possible, and the replay tells.
        Assert.True(refusedAsClaimed > 10, $"{refusedAsClaimed} of 20");
    }

    [Theory]
    [InlineData("kept", "superseded")]
    [InlineData("kept", "torn")]
    [InlineData("kept", "lost")]
    public void An_outcome_that_contradicts_its_ranges_is_refused(string was, string becomes)
    {
        BundleBytes bytes = new(BundleCase.Draw(new Dice(3), "random:1"));
        JsonNode newest = bytes.Manifest["pending"]!.AsArray()[^1]!;
        Assert.Equal(was, newest["outcome"]!.GetValue<string>());
        newest["outcome"] = becomes;
        BundleVerdict verdict = BundleJudge.Judge(Read(bytes));
        Assert.Equal(VerdictKind.Illegal, verdict.Claims.Kind);
        Assert.Equal([newest["sequence"]!.GetValue<long>()], verdict.Claims.Violations[0].Sequences);
    }

    [Fact]
    public void Claims_whose_ranges_were_left_out_bind_only_what_they_say()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            BundleBytes bytes = new(BundleCase.Draw(new Dice(seed), "random:0.5"));
            foreach (JsonNode? pending in bytes.Manifest["pending"]!.AsArray())
            {
                JsonArray kept = pending!["kept"]!.AsArray();
                if (kept.Count > 1)
                {
                    kept.RemoveAt(kept.Count - 1);
                    pending["rangesOmitted"] = 1;
                }
            }

            BundleVerdict verdict = BundleJudge.Judge(Read(bytes));
            Assert.True(verdict.IsGood, $"seed {seed}: {verdict.Message}");
        }
    }

    [Theory]
    [InlineData("[4,4]", "report.flushBorders[1]", "4 is not above 4 before it")]
    [InlineData("[101]", "report.flushBorders[0]", "101 does not lie in 0 to 100")]
    [InlineData("[0]", "report.flushBorders[0]", "0 is not above 0 before it")]
    [InlineData("7", "report.flushBorders", "is not a list")]
    public void Flush_borders_that_cannot_be_are_refused(string borders, string place, string fault)
    {
        BundleBytes bytes = new(BundleCase.Draw(new Dice(42), "random:0.5"));
        bytes.Manifest["report"]!["newestRequiredSequence"] = 0;
        bytes.Manifest["report"]!["flushBorders"] = JsonNode.Parse(borders);
        BundleFormatException refusal = Refused(bytes);
        Assert.Equal(("manifest.json", place), (refusal.Entry, refusal.Place));
        Assert.Contains(fault, refusal.Message);
    }

    [Fact]
    public void A_command_in_flight_that_a_flush_is_said_to_cover_is_refused()
    {
        BundleBytes bytes = new(BundleCase.Draw(new Dice(42), "random:0.5"));
        JsonNode command = bytes.Manifest["pending"]![0]!;
        (command["isAcknowledged"], command["isFlushCovered"]) = (false, true);
        Assert.Equal("pending[0].isFlushCovered", Refused(bytes).Place);
    }

    private static BundleFormatException Refused(BundleBytes bytes) => Assert.Throws<BundleFormatException>(() => Read(bytes));

    [Fact]
    public void What_was_written_is_what_is_read()
    {
        BundleCase drawn = BundleCase.Draw(new Dice(11), "fifo");
        Bundle bundle = Read(new BundleBytes(drawn));
        Assert.Equal(drawn.Seed, bundle.Manifest.Seed);
        Assert.Equal(LossRuleKind.Fifo, bundle.Manifest.Loss.Kind);
        Assert.Equal(drawn.Promise, bundle.Manifest.Promise);
        Assert.Equal(drawn.Pending.Select(p => p.Sequence), bundle.Manifest.Pending.Select(p => p.Sequence));
        byte[] block = new byte[BundleCase.Block];
        foreach (int touched in drawn.TouchedBlocks())
        {
            bundle.OldPlatter.Read(touched * BundleCase.Block, block);
            Assert.Equal(drawn.Old.AsSpan(touched * BundleCase.Block, BundleCase.Block).ToArray(), block);
            bundle.NewPlatter.Read(touched * BundleCase.Block, block);
            Assert.Equal(drawn.New.AsSpan(touched * BundleCase.Block, BundleCase.Block).ToArray(), block);
        }

        foreach ((BundlePending wrote, BundleCommand read) in drawn.Pending.Zip(bundle.Manifest.Pending))
        {
            Assert.Equal(wrote.IsAcknowledged, read.IsAcknowledged);
            Assert.Equal(BundleCase.Ranges(wrote.LiveBlocks()), read.Live);
            foreach (int live in wrote.LiveBlocks().Where(_ => read.Kind == StepKind.Write))
            {
                ((IPlatterImage)read.Data).Read(live * BundleCase.Block, block);
                Assert.Equal(wrote.Payload.AsSpan((live - wrote.At) * BundleCase.Block, BundleCase.Block).ToArray(), block);
            }
        }
    }
}

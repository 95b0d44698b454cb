using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Tests.Support;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests;

/// <summary>Histories as clients saw them, legal and not: one for each sentence of the contract from outside.</summary>
public sealed class OutsideTests
{
    [Fact]
    public void A_flush_that_was_sent_after_the_answer_makes_a_write_required() =>
        new OutsideScene("..").Send(0, "A").Answer(1).SendFlush().Answer(2).Send(1, "B").Answer(3)
            .Allows("A.", "AB").Refuses("..", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void A_flush_covers_nothing_that_was_answered_after_it_was_sent() =>
        new OutsideScene(".").Send(0, "A").SendFlush().Answer(1).Answer(2).Allows(".", "A");

    [Fact]
    public void A_flush_that_was_not_answered_or_failed_promises_nothing() =>
        new OutsideScene(".").Send(0, "A").Answer(1).SendFlush().SendFlush().Fail(3).Allows(".", "A");

    [Fact]
    public void A_flush_of_another_client_covers_too() =>
        new OutsideScene(".").Send(0, "A", client: "a").Answer(1).SendFlush().Answer(2)
            .Refuses(".", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void An_answered_FUA_write_is_required_and_no_other() =>
        new OutsideScene("..").Send(0, "A").Answer(1).Send(1, "B", fua: true).Answer(2)
            .Allows(".B", "AB").Refuses("A.", ViolationKind.RequiredLost, 1, 2);

    [Fact]
    public void With_the_cache_off_every_answer_is_a_promise() =>
        new OutsideScene("..", cache: false).Send(0, "A").Answer(1).Send(1, "B")
            .Allows("A.", "AB").Refuses("..", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void What_lies_under_a_required_write_never_comes_back() =>
        new OutsideScene(".").Send(0, "A").Answer(1).Send(0, "B", fua: true).Answer(2)
            .Allows("B").Refuses("A", ViolationKind.SupersededReturned, 0, 2, 1).Refuses(".", ViolationKind.RequiredLost, 0, 2);

    [Fact]
    public void Of_two_writes_in_flight_together_either_may_be_the_newer() =>
        new OutsideScene(".").Send(0, "A", fua: true).Send(0, "B", fua: true).Answer(1, 2)
            .Allows("A", "B").Refuses(".", ViolationKind.RequiredLost, 0, 2);

    [Fact]
    public void An_older_pending_version_may_show_while_nothing_newer_is_required() =>
        new OutsideScene(".").Send(0, "A").Answer(1).Send(0, "B").Answer(2).Allows(".", "A", "B");

    [Fact]
    public void A_request_is_held_to_the_promise_it_was_sent_under()
    {
        new OutsideScene("....", awupf: 2).Send(0, "AA").Send(2, "BB", awupf: 1).Allows("....", "AAB.", "AA.B")
            .Refuses("A.BB", ViolationKind.TornAtom, 1, 1);
        Assert.Throws<ArgumentException>(static () => new OutsideScene(".").Send(0, "A", awupf: 0));
    }

    [Fact]
    public void An_atom_is_whole_and_a_larger_command_is_not()
    {
        new OutsideScene("..", awupf: 2).Send(0, "AA").Allows("..", "AA").Refuses("A.", ViolationKind.TornAtom, 1, 1);
        new OutsideScene("..", awupf: 1).Send(0, "AA").Allows("..", "AA", "A.", ".A");
    }

    [Fact]
    public void An_atom_is_torn_by_an_older_version_too() =>
        new OutsideScene("..", awupf: 2).Send(0, "BB", fua: true).Answer(1).Send(0, "AA")
            .Allows("BB", "AA").Refuses("AB", ViolationKind.TornAtom, 1, 2, 1);

    [Fact]
    public void Whole_atoms_in_flight_together_do_not_mix() =>
        new OutsideScene("..", awupf: 2).Send(0, "AA").Send(0, "BB")
            .Allows("..", "AA", "BB").Refuses("AB", ViolationKind.OrderBroken, 1, 1, 2);

    [Fact]
    public void Whole_steps_in_flight_together_do_not_mix_when_both_are_required()
    {
        new OutsideScene("..", awupf: 1).Send(0, "AA", fua: true).Send(0, "BB", fua: true).Answer(1, 2).Allows("AA", "AB");
        new OutsideScene("..", awupf: 1, awun: 2).Send(0, "AA", fua: true).Send(0, "BB", fua: true).Answer(1, 2)
            .Allows("AA", "BB").Refuses("AB", ViolationKind.OrderBroken, 1, 1, 2);
        new OutsideScene("..", awupf: 1, awun: 2).Send(0, "AA").Send(0, "BB").Answer(1, 2).Allows("AB");
    }

    [Fact]
    public void An_order_that_real_time_forbids_is_found_through_others() =>

        // A was answered before B was sent; C, in flight all the time, lies under A and over B.
        new OutsideScene("....", awupf: 2).Send(1, "CC").Send(0, "AA").Answer(2).Send(2, "BB")
            .Allows("....", "AABB", "AAC.", "ACCB").Refuses("AACB", ViolationKind.OrderBroken, 2, 3, 1, 2);

    [Fact]
    public void A_request_that_failed_may_have_had_its_effect() =>
        new OutsideScene(".").Send(0, "A", fua: true).Fail(1).Allows(".", "A");

    [Fact]
    public void A_request_sent_after_the_cut_had_none() =>
        new OutsideScene(".").Send(0, "A").Cut().Send(0, "B").Allows(".", "A").Refuses("B", ViolationKind.ForeignData, 0, 1);

    [Fact]
    public void A_success_after_the_cut_is_a_promise_as_any() =>
        new OutsideScene(".").Send(0, "A", fua: true).Cut().Answer(1).Refuses(".", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void What_nobody_wrote_is_foreign_and_what_nobody_covers_stays()
    {
        new OutsideScene("..").Send(0, "A").Refuses("Z.", ViolationKind.ForeignData, 0, 1);
        new OutsideScene(".X").Send(0, "A").Allows("AX").Refuses("AZ", ViolationKind.UntouchedChanged, 1);
    }

    [Fact]
    public void Zeroes_may_be_a_trims_or_the_first_content()
    {
        new OutsideScene(".").Send(0, "A", fua: true).Answer(1).Trim(0, 1).Allows(".", "A");
        new OutsideScene(".").Trim(0, 1).Answer(1).Send(0, "A", fua: true).Answer(2)
            .Refuses(".", ViolationKind.RequiredLost, 0, 2);
    }

    [Fact]
    public void Equal_bytes_are_explained_by_whichever_writer_fits()
    {
        // Write 2 must lie under write 3, which is required; so the A in block 0 is write 1's or nobody's.
        OutsideScene scene = new OutsideScene("..", awupf: 2).Send(0, "A").Answer(1).Send(0, "AB").Send(1, "C", fua: true).Answer(3);
        scene.Allows("AC", ".C", "AB").Refuses("A.", ViolationKind.RequiredLost, 1, 3);
    }

    [Fact]
    public void A_request_that_is_not_aligned_vouches_for_its_own_bytes()
    {
        byte[] own = [.. Enumerable.Repeat((byte)7, 600)];
        OutsideScene scene = new OutsideScene("AB").SendBytes(100, own);
        byte[] image = Scene.Bytes("AB");
        own.CopyTo(image, 100);
        Assert.True(scene.Judge(image).IsLegal);
        image[650] = 8;
        Assert.Equal(ViolationKind.ForeignData, Assert.Single(scene.Judge(image).Violations).Kind);
    }

    [Fact]
    public void A_judgement_that_costs_too_much_is_undecided_and_that_is_not_legal()
    {
        Verdict verdict = new OutsideScene("..").Send(0, "AA").Judge("AA", budget: 5);
        Assert.Equal((VerdictKind.Undecided, false), (verdict.Kind, verdict.IsLegal));
    }

    [Fact]
    public void A_verdict_names_the_writers_as_an_engineer_would()
    {
        Verdict verdict = new OutsideScene(".").Send(0, "A", client: "client 3").Answer(1).SendFlush().Answer(2).Judge(".");
        Assert.Equal(
            "Illegal: block 0: shows the first content, but write 1 of client 3 is required (covered by flush 2)", verdict.ToString());
    }

    [Fact]
    public void A_log_that_cannot_be_is_the_recorders_fault()
    {
        ClientLog log = new(new TraceGeometry(1024, new AtomicityPromise(512, 512)));
        Assert.Throws<ArgumentException>(() => log.Answer(1));
        int write = log.Send("", StepKind.Write, 0, 512, payload: new byte[512]);
        log.Answer(write);
        Assert.Throws<ArgumentException>(() => log.Answer(write));
        Assert.Throws<ArgumentException>(() => log.Send("", StepKind.Write, 0, 512));
        Assert.Throws<ArgumentException>(() => log.Send("", StepKind.Trim, 1000, 512));
        log.Cut();
        Assert.Throws<ArgumentException>(log.Cut);
        Assert.Throws<ArgumentException>(() => new ClientLog(new TraceGeometry(1000, new AtomicityPromise(512, 512))));
        Assert.Throws<ArgumentException>(() => OutsideOracle.Judge(
            log, Images.ZeroPlatter.Instance, Images.ZeroPlatter.Instance, new JudgeOptions { Loss = LossClaim.Fifo }));
    }
}

using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>However the input is cut into pieces, the answers are the same.</summary>
public sealed class NbdNegotiationSplitTests
{
    private const int RandomRounds = 300;

    public static TheoryData<string> Scripts => [.. ScriptsByName.Keys];

    private static readonly Dictionary<string, byte[]> ScriptsByName = new(StringComparer.Ordinal)
    {
        ["everything then GO"] =
        [
            .. Flags(BothFlags), .. Option(NbdOption.List), .. Option(NbdOption.List, [7]), .. Option(NbdOption.StartTls),
            .. Option(0xdead_beef, new byte[300]), .. Info("nope"), .. Info("disk0", NbdInfoType.BlockSize, NbdInfoType.Name),
            .. Option(NbdOption.Info, new byte[17]), .. Option(NbdOption.StructuredReply),
            .. Go("other", NbdInfoType.Description), .. new byte[9],
        ],
        ["contexts then GO"] =
        [
            .. Flags(BothFlags), .. Option(NbdOption.StructuredReply), .. ListContexts("disk0"), .. SetContexts("disk0", "base:allocation", "x:y"),
            .. Option(NbdOption.SetMetaContext, new byte[11]), .. SetContexts("", "x-blockemu:durability"), .. Go("disk0"), .. new byte[3],
        ],
        ["extended headers then EXPORT_NAME"] =
        [
            .. Flags(BothFlags), .. Option(NbdOption.ExtendedHeaders, [1]), .. Option(NbdOption.ExtendedHeaders),
            .. Option(NbdOption.StructuredReply), .. SetContexts("disk0", "base:allocation"), .. Option(NbdOption.ExportName, "disk0"u8),
        ],
        ["EXPORT_NAME with zeroes"] = [.. Flags(1), .. Option(NbdOption.List), .. Option(NbdOption.ExportName, "disk0"u8), 1, 2],
        ["ABORT with data"] = [.. Flags(BothFlags), .. Option(NbdOption.Abort, new byte[50])],
        ["bad magic"] = [.. Flags(BothFlags), .. Option(NbdOption.PeekExport), .. new byte[16], 1, 2, 3],
        ["bad flags"] = [.. Flags(8), .. Option(NbdOption.List)],
        ["too long"] = [.. Flags(BothFlags), .. Option(NbdOption.List), .. HeaderOnly((NbdOption)9, 0x7fff_ffff), 5],
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Fed_byte_by_byte_it_answers_the_same(string script)
    {
        byte[] input = ScriptsByName[script];
        NegotiationBench whole = new NegotiationBench().Feed(input);
        AssertSame(whole, FeedPieces(input, () => 1), script);
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Fed_in_random_pieces_it_answers_the_same(string script)
    {
        byte[] input = ScriptsByName[script];
        NegotiationBench whole = new NegotiationBench().Feed(input);
        for (ulong seed = 1; seed <= RandomRounds; seed++)
        {
            ulong state = seed;
            AssertSame(whole, FeedPieces(input, () => 1 + (int)(NextOf(ref state) % 40)), $"{script}, seed {seed}");
        }
    }

    [Fact]
    public void Random_bytes_after_the_flags_never_throw_and_never_answer()
    {
        for (ulong seed = 1; seed <= RandomRounds; seed++)
        {
            ulong state = seed;
            byte[] noise = new byte[200];
            for (int i = 0; i < noise.Length; i++)
            {
                noise[i] = (byte)NextOf(ref state);
            }

            NegotiationBench bench = new NegotiationBench().Say(Flags(BothFlags), noise);
            Assert.True(bench.Outcome == NbdNegotiationOutcome.Dropped && bench.Output.Length == 0, $"seed {seed}");
        }
    }

    [Fact]
    public void Options_with_random_data_are_each_answered_once_and_stay_in_sync()
    {
        NbdOption[] options = [NbdOption.List, NbdOption.Info, NbdOption.StartTls, NbdOption.PeekExport, (NbdOption)50];
        for (ulong seed = 1; seed <= RandomRounds; seed++)
        {
            ulong state = seed;
            List<byte> input = [.. Flags(BothFlags)];
            int count = 1 + (int)(NextOf(ref state) % 8);
            for (int i = 0; i < count; i++)
            {
                byte[] data = new byte[1 + (NextOf(ref state) % 60)];
                for (int k = 0; k < data.Length; k++)
                {
                    data[k] = (byte)(NextOf(ref state) % 4);
                }

                input.AddRange(Option(options[NextOf(ref state) % (ulong)options.Length], data));
            }

            input.AddRange(Option(NbdOption.Abort));
            NegotiationBench bench = new NegotiationBench().Feed([.. input]);
            int finals = bench.Replies().Count(r => r.Contains("Error", StringComparison.Ordinal) || r.EndsWith("Ack", StringComparison.Ordinal));
            Assert.True(bench.Outcome == NbdNegotiationOutcome.Aborted && finals == count + 1, $"seed {seed}");
        }
    }

    private static NegotiationBench FeedPieces(ReadOnlySpan<byte> input, Func<int> nextPieceBytes)
    {
        var bench = new NegotiationBench();
        while (!input.IsEmpty && bench.Outcome == NbdNegotiationOutcome.NeedMore)
        {
            int pieceBytes = Math.Min(nextPieceBytes(), input.Length);
            bench.Feed(input[..pieceBytes]);
            input = input[(pieceBytes - bench.UnconsumedBytes)..];
        }

        return bench;
    }

    private static void AssertSame(NegotiationBench expected, NegotiationBench actual, string message)
    {
        Assert.True(
            expected.Outcome == actual.Outcome && expected.DropReason == actual.DropReason
            && expected.ChosenName == actual.ChosenName && expected.Output.AsSpan().SequenceEqual(actual.Output),
            message);
    }

    // SplitMix64's step; Protocol's tests know no other project of ours.
    private static ulong NextOf(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

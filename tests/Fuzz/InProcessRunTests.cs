using BlockEmu.Fuzz.Mutating;

namespace BlockEmu.Fuzz.Tests;

public sealed class InProcessRunTests
{
    private const int Cases = 20_000;

    [Fact]
    public void Twenty_thousand_mutations_show_no_fault()
    {
        using FuzzBench bench = new();
        InProcessRun run = new(FuzzBench.Corpus, FuzzBench.Seed, bench.Findings);
        run.Run(static () => true, Cases);
        Assert.True(run.CaseCount == Cases && bench.Findings.Count == 0, bench.Said);
    }

    [Fact]
    public void A_case_is_made_of_its_seed_and_number_alone()
    {
        Mutator one = new(FuzzBench.Corpus);
        Mutator other = new(FuzzBench.Corpus);
        byte[] first = one.Make(FuzzBench.Seed, 41).ToBytes();
        one.Make(FuzzBench.Seed, 42);
        Assert.Equal(first, other.Make(FuzzBench.Seed, 41).ToBytes());
        Assert.Equal(one.Make(FuzzBench.Seed, 42).ToBytes(), other.Make(FuzzBench.Seed, 42).ToBytes());
    }

    [Fact]
    public void Mutations_reach_far_and_differ()
    {
        Mutator mutator = new(FuzzBench.Corpus);
        List<string> came = [];
        for (ulong number = 0; number < 2000; number++)
        {
            came.Add(Targets.CaseJudge.Describe(mutator.Make(FuzzBench.Seed, number)));
        }

        string[] wanted =
        [
            "Chosen", "Aborted", "TLS at", "TlsRequired", "BadOptionMagic", "UnknownClientFlags", "Silent", "wants more", "Read: None", "Write: None Take",
            "Drain", "Close", "BlockStatus: None", "status: ", "done", "InvalidDataException", "EndOfStreamException", "NbdNegotiationException",
            "NvmeTcpProtocolException", "HostData; ", "HeaderDigestError", "SequenceError", "DataOutOfRange", "InvalidHeaderField 10", "flush: ",
        ];
        Assert.All(wanted, w => Assert.Contains(came, c => c.Contains(w, StringComparison.Ordinal)));
        Assert.True(came.Distinct(StringComparer.Ordinal).Count() > 800, $"seed {FuzzBench.Seed}");
    }
}

using BlockEmu.Fuzz.Cases;
using BlockEmu.Fuzz.Mutating;
using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz;

/// <summary>Cases 0, 1, 2, ... of a seed against the machines in this process; the same for the same seed and corpus.</summary>
public sealed class InProcessRun(Corpus corpus, ulong seed, Findings findings)
{
    private readonly Mutator _mutator = new(corpus);
    private long _startedAt;

    public ulong CaseCount { get; private set; }

    /// <summary>Since when the present case runs (a <see cref="TimeProvider"/>'s stamp); a watchman asks.</summary>
    public long CaseStartedAt => Interlocked.Read(ref _startedAt);

    /// <summary>The corpus as it is, then mutations until told to stop, or so many.</summary>
    public void Run(Func<bool> goesOn, ulong maxCases = ulong.MaxValue)
    {
        foreach ((string name, FuzzCase kept) in corpus.ByName)
        {
            Judge(kept, new Chance(seed), $"corpus {name}");
        }

        for (ulong number = 0; number < maxCases && goesOn(); number++)
        {
            Judge(_mutator.Make(seed, number), Chance.Of(~seed, number), $"seed {seed}, case {number}");
            CaseCount++;
        }
    }

    private void Judge(FuzzCase theCase, Chance chance, string origin)
    {
        Interlocked.Exchange(ref _startedAt, TimeProvider.System.GetTimestamp());
        if (CaseJudge.FindFault(theCase, chance) is { } fault)
        {
            findings.Add(theCase, fault, origin);
        }
    }
}

using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>One pending command of a <see cref="BundleCase"/>.</summary>
internal sealed class BundlePending
{
    private readonly List<(long CoinAtom, int[] Blocks)> _units = [];

    public required long Sequence { get; init; }

    public required StepKind Kind { get; init; }

    public required int At { get; init; }

    public required int Count { get; init; }

    public required bool IsAcknowledged { get; init; }

    public bool MustSurvive { get; init; }

    /// <summary>Its own; null = the bundle's.</summary>
    public AtomicityPromise? Promise { get; init; }

    public bool IsFlushCovered { get; set; }

    /// <summary>By block of the disk.</summary>
    public required bool[] Live { get; init; }

    public required byte[] Payload { get; init; }

    public List<(int Unit, bool IsKept)> Survivors { get; } = [];

    public int UnitCount => _units.Count;

    public void MakeUnits(AtomicityPromise promise)
    {
        IReadOnlyList<Extent> atoms = AtomRules.Cut((long)At * BundleCase.Block, (long)Count * BundleCase.Block, promise);
        bool isTied = Kind != StepKind.Write && atoms.Count > 64;
        int units = isTied ? 64 : atoms.Count;
        for (int unit = 0; unit < units; unit++)
        {
            int first = isTied ? unit * atoms.Count / 64 : unit;
            int end = isTied ? (unit + 1) * atoms.Count / 64 : unit + 1;
            int start = (int)(atoms[first].OffsetBytes / BundleCase.Block);
            int stop = (int)(atoms[end - 1].EndBytes / BundleCase.Block);
            _units.Add((first, [.. Enumerable.Range(start, stop - start)]));
        }
    }

    public long CoinAtom(int unit) => _units[unit].CoinAtom;

    public bool IsLive(int unit) => _units[unit].Blocks.Any(b => Live[b]);

    public bool Toss(ulong seed, int unit, double probability) =>
        Bundles.Coin.Toss(seed, Sequence, _units[unit].CoinAtom, probability);

    public void Apply(byte[] platter)
    {
        foreach (int block in Blocks(isKept: true))
        {
            Payload.AsSpan((block - At) * BundleCase.Block, BundleCase.Block).CopyTo(platter.AsSpan(block * BundleCase.Block));
        }
    }

    /// <summary>The live blocks that survived, or did not.</summary>
    public IEnumerable<int> Blocks(bool isKept) =>
        Survivors.Where(s => s.IsKept == isKept).SelectMany(s => _units[s.Unit].Blocks).Where(b => Live[b]);

    public int[] LiveUnits() => [.. Enumerable.Range(0, UnitCount).Where(IsLive)];

    public IEnumerable<int> LiveBlocks() => Enumerable.Range(At, Count).Where(b => Live[b]);

    public string Outcome() => (Survivors.Exists(s => s.IsKept), Survivors.Exists(s => !s.IsKept)) switch
    {
        (false, false) => "superseded",
        (false, true) => "lost",
        (true, false) => "kept",
        _ => "torn",
    };
}

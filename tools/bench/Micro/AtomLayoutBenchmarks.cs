using BenchmarkDotNet.Attributes;
using BlockEmu.Device.Atoms;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Bench.Micro;

/// <summary>Cutting a command into atoms: the same for any length.</summary>
public class AtomLayoutBenchmarks
{
    private const int Block = 512;
    private const long OffsetBytes = 12_345 * Block;

    private readonly AtomicityParameters _plain = AtomicityParameters.DefaultFor(Block);
    private readonly AtomicityParameters _mam = new()
    {
        AwunBytes = 4096,
        AwupfBytes = 4096,
        NabsnBytes = 4096,
        NabspfBytes = 4096,
        Mam = true,
    };

    [Params(4096, 1 << 20, 1L << 40)]
    public long LengthBytes { get; set; }

    [Benchmark]
    public long Cut() => AtomLayout.Cut(OffsetBytes, LengthBytes, _plain, Block).Count;

    [Benchmark]
    public long CutAtBoundaries() => AtomLayout.Cut(OffsetBytes, LengthBytes, _mam, Block).Count;

    [Benchmark]
    public long CutAndFindTheLastAtom()
    {
        AtomLayout layout = AtomLayout.Cut(OffsetBytes, LengthBytes, _mam, Block);
        return layout.IndexOf(OffsetBytes + LengthBytes - 1);
    }
}

using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Small disks of every kind, drawn from a seed.</summary>
internal static class RandomOptions
{
    public static DiskOptions Draw(ref SplitMix64 chance)
    {
        int block = chance.NextCoin(0.7) ? 512 : 4096;
        long size = (long)(1 + chance.NextBelow(block == 512 ? 128UL : 24UL)) * block;
        AtomicityParameters atomicity = DrawAtomicity(ref chance, block);
        long cache = chance.NextBelow(4) switch
        {
            0 => 0,
            1 => 2 * atomicity.EffectiveAwupfBytes,
            2 => (2 * atomicity.EffectiveAwupfBytes) + ((long)chance.NextBelow(64) * 512),
            _ => 1 << 20,
        };
        return new DiskOptions
        {
            Name = "d",
            SizeBytes = size,
            BlockSizeBytes = block,
            Atomicity = atomicity,
            CacheBytes = cache,
            Destage = DrawDestage(ref chance),
            Seed = chance.Next(),
        };
    }

    public static DestagePolicy DrawDestage(ref SplitMix64 chance) => chance.NextBelow(4) switch
    {
        0 => DestagePolicy.Random,
        1 => DestagePolicy.Never,
        _ => DestagePolicy.Oldest,
    };

    public static LossModel DrawLoss(ref SplitMix64 chance) => chance.NextBelow(9) switch
    {
        0 => LossModel.LoseAll,
        1 => LossModel.KeepAll,
        2 => LossModel.Fifo,
        3 => LossModel.Random(0.9),
        4 => LossModel.Explicit([.. Enumerable.Range(1, 40).Where(n => n % 3 == 0).Select(n => new AtomSelection(n, 0, n % 5))]),
        5 => LossModel.Epoch,
        6 => LossModel.Adversary,
        7 => LossModel.Aged(chance.NextCoin(0.5) ? 1 : 0.3, chance.NextCoin(0.5) ? 0 : 0.8),
        _ => LossModel.Random(0.5),
    };

    /// <summary>What the oracle can hold a cut by a model to.</summary>
    public static LossClaim ClaimOf(LossModel loss) => loss.Kind switch
    {
        LossModelKind.LoseAll => LossClaim.LoseAll,
        LossModelKind.KeepAll => LossClaim.KeepAll,
        LossModelKind.Fifo => LossClaim.Fifo,
        LossModelKind.Epoch => LossClaim.Epoch,
        LossModelKind.Adversary => LossClaim.Adversary,
        _ => LossClaim.Any,
    };

    public static AtomicityParameters DrawAtomicity(ref SplitMix64 chance, int block)
    {
        AtomicityParameters drawn = DrawControllers(ref chance, block);
        return chance.NextCoin(0.3) ? AsNamespaceUnits(drawn, block) : drawn;
    }

    private static AtomicityParameters DrawControllers(ref SplitMix64 chance, int block)
    {
        int[] units = [1, 1, 2, 3, 8, 8, 16, 32];
        long awupf = units[chance.NextBelow(8)] * (long)block;
        if (chance.NextCoin(0.2))
        {
            // MAM wants all four equal.
            return new AtomicityParameters
            {
                AwunBytes = awupf,
                AwupfBytes = awupf,
                AcwuBytes = awupf,
                NabsnBytes = awupf,
                NabspfBytes = awupf,
                NaboBytes = (long)chance.NextBelow((ulong)(awupf / block)) * block,
                Mam = true,
            };
        }

        long boundary = chance.NextCoin(0.3) ? awupf * (long)(1 + chance.NextBelow(3)) : 0;
        return new AtomicityParameters
        {
            AwunBytes = awupf * (long)(1 + chance.NextBelow(2)),
            AwupfBytes = awupf,
            AcwuBytes = awupf,
            NabspfBytes = boundary,
            NaboBytes = boundary == 0 ? 0 : (long)chance.NextBelow((ulong)(boundary / block)) * block,
        };
    }

    /// <summary>The same promises, given as the namespace's above a controller that promises single blocks.</summary>
    private static AtomicityParameters AsNamespaceUnits(AtomicityParameters p, int block) => p with
    {
        AwunBytes = block,
        AwupfBytes = block,
        AcwuBytes = block,
        NawunBytes = p.AwunBytes,
        NawupfBytes = p.AwupfBytes,
        NacwuBytes = p.AcwuBytes,
    };
}

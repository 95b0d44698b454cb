using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A random cut as a disk would report it, worked out naively, atom by atom and block by block.</summary>
internal sealed class BundleCase
{
    public const int Block = 512;

    public int BlockCount { get; private init; }

    public AtomicityPromise Promise { get; private init; } = new(Block, Block);

    public ulong Seed { get; private init; }

    public string Loss { get; set; } = "";

    public long NewestRequired { get; private init; }

    public List<long> FlushBorders { get; } = [];

    public byte[] Old { get; private init; } = [];

    public byte[] New { get; set; } = [];

    public List<BundlePending> Pending { get; } = [];

    public static BundleCase Draw(Dice dice, string loss, bool mayTie = false, bool mustSurvive = false, bool ownPromises = false)
    {
        int blocks = mayTie ? 150 : 8 + dice.Below(24);
        BundleCase drawn = new()
        {
            BlockCount = blocks,
            Promise = DrawPromise(dice),
            Seed = dice.Next(),
            Loss = loss,
            NewestRequired = dice.OneIn(2) ? 3 : 0,
            Old = Content(dice, blocks),
        };
        drawn.DrawPending(dice, 2 + dice.Below(8), mayTie, mustSurvive, ownPromises);
        drawn.DrawFlushes(dice);
        drawn.Cut();
        return drawn;
    }

    private static AtomicityPromise DrawPromise(Dice dice) =>
        new(Block, (1 + dice.Below(4)) * Block, dice.OneIn(2) ? 0 : 4 * Block, 0, dice.OneIn(2));

    private void DrawPending(Dice dice, int count, bool mayTie, bool mustSurvive, bool ownPromises)
    {
        for (int i = 0; i < count; i++)
        {
            int at = dice.Below(BlockCount / 2);
            int length = mayTie ? 66 + dice.Below(10) : 1 + dice.Below(BlockCount - at);
            bool[] live = new bool[BlockCount];
            for (int b = at; b < at + length; b++)
            {
                live[b] = i >= 2 || !dice.OneIn(3);
            }

            StepKind kind = (StepKind)dice.Below(3);
            Pending.Add(new BundlePending
            {
                Sequence = i < 2 ? i + 1 : 2 + (2 * i),
                Kind = kind,
                At = at,
                Count = length,
                IsAcknowledged = dice.OneIn(2),
                Live = live,
                MustSurvive = mustSurvive && i == count - 1,
                Promise = ownPromises && dice.OneIn(2) ? DrawPromise(dice) : null,
                Payload = kind == StepKind.Write ? Content(dice, length) : new byte[length * Block],
            });
        }
    }

    private void DrawFlushes(Dice dice)
    {
        for (long sequence = NewestRequired + 1; sequence <= 20; sequence++)
        {
            if (dice.OneIn(6))
            {
                FlushBorders.Add(sequence);
            }
        }

        bool isFlushing = dice.OneIn(2);
        foreach (BundlePending command in Pending)
        {
            command.IsFlushCovered = isFlushing && command.IsAcknowledged && dice.OneIn(2);
        }
    }

    /// <summary>Few distinct contents, some zero: equal versions happen.</summary>
    private static byte[] Content(Dice dice, int blocks) => TinyCase.Bytes([.. Enumerable.Range(0, blocks).Select(_ => dice.Below(6))]);

    /// <summary>Survivors, claims and result, from the document.</summary>
    private void Cut()
    {
        List<(BundlePending Command, int Unit)> positions = [];
        foreach (BundlePending command in Pending)
        {
            command.MakeUnits(command.Promise ?? Promise);
            foreach (int unit in Enumerable.Range(0, command.UnitCount).Where(command.IsLive))
            {
                positions.Add((command, unit));
            }
        }

        List<(BundlePending, int)> above = [.. positions.Where(p => p.Command.Sequence > NewestRequired)];
        int prefix = Pick(Bundles.Coin.Hash(Seed, 0xF1F0), above.Count + 1);
        int[] borders = [.. FlushBorders.Select(f => above.FindLastIndex(p => p.Item1.Sequence <= f) + 1)
            .Append(0).Append(above.Count).Distinct().Order()];
        int epoch = borders[Pick(Bundles.Coin.Hash(Seed, 0xE90C), borders.Length)];
        AdversaryCase adversary = new(Seed, Pending);
        foreach ((BundlePending command, int unit) in positions)
        {
            command.Survivors.Add((unit, command.MustSurvive || Loss switch
            {
                "lose-all" => false,
                "keep-all" => command.IsAcknowledged || command.Toss(Seed, unit, 0.5),
                "fifo" => command.Sequence < NewestRequired || above.IndexOf((command, unit)) < prefix,
                "epoch" => command.Sequence < NewestRequired || above.IndexOf((command, unit)) < epoch,
                "adversary" => adversary.Survives(command, unit),
                "aged:0.9..0.1" => command.Toss(Seed, unit, Age(command, 0.9, 0.1)),
                "aged:0..1" => command.Toss(Seed, unit, Age(command, 0, 1)),
                "explicit:1,6.0,8.1-2" => command.Sequence == 1 || (command.Sequence == 6 && command.CoinAtom(unit) == 0)
                    || (command.Sequence == 8 && command.CoinAtom(unit) is 1 or 2),
                _ => command.Toss(Seed, unit, double.Parse(Loss["random:".Length..])),
            }));
        }

        New = [.. Old];
        foreach (BundlePending command in Pending)
        {
            command.Apply(New);
        }
    }

    internal static int Pick(ulong word, int count) => (int)(((UInt128)word * (ulong)count) >> 64);

    private double Age(BundlePending command, double oldest, double newest)
    {
        long[] live = [.. Pending.Where(p => p.LiveBlocks().Any()).Select(p => p.Sequence)];
        return live.Length == 1
            ? newest
            : oldest + ((newest - oldest) * ((double)(command.Sequence - live.Min()) / (live.Max() - live.Min())));
    }

    public IEnumerable<int> TouchedBlocks() => Enumerable.Range(0, BlockCount).Where(b => Pending.Exists(p => p.Live[b]));

    public static List<Extent> Ranges(IEnumerable<int> blocks)
    {
        List<Extent> ranges = [];
        foreach (int block in blocks)
        {
            if (ranges.Count > 0 && ranges[^1].EndBytes == block * Block)
            {
                ranges[^1] = ranges[^1] with { LengthBytes = ranges[^1].LengthBytes + Block };
            }
            else
            {
                ranges.Add(new Extent(block * Block, Block));
            }
        }

        return ranges;
    }
}

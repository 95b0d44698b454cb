using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Power;

/// <summary>Chooses survivors that hurt: the oldest commands are lost, the newest kept, and large ones torn.</summary>
/// <remarks>One command is drawn as the border, among those that a flush covers which was not acknowledged as good, if there
/// are any (that flush is torn); else among all. What is older is lost. What is newer is kept, but for every second command
/// of several units, which is torn. The border itself is torn; of one unit it is kept, so that something is lost under it,
/// unless it is the only one that could have been drawn. A torn command keeps a head or a tail.</remarks>
internal sealed class AdversaryDraw
{
    /// <summary>Names the draw of the border among the seed's coins.</summary>
    public const ulong BorderDraw = 0xADE5;

    /// <summary>Name the coins of a command that are no atom's: whether it is torn, where, and which half is kept.</summary>
    public const ulong TearCoin = 1UL << 63;

    /// <inheritdoc cref="TearCoin"/>
    public const ulong PlaceDraw = TearCoin + 1;

    /// <inheritdoc cref="TearCoin"/>
    public const ulong HalfCoin = TearCoin + 2;

    private readonly ulong _seed;
    private readonly Dictionary<long, (long FirstOfTail, bool KeepsHead)> _torn = [];
    private readonly long _border;
    private readonly bool _isBorderKept;

    public AdversaryDraw(CutCommands commands, ulong seed)
    {
        _seed = seed;
        List<(PendingCommand Command, long Units)> all =
            [.. commands.All.Where(c => !commands.MustSurvive(c)).Select(c => (c, commands.CountUnits(c))).Where(c => c.Item2 > 0)];
        List<(PendingCommand Command, long Units)> drawn = all.FindAll(c => commands.IsFlushCovered(c.Command));
        drawn = drawn.Count == 0 ? all : drawn;
        if (drawn.Count == 0)
        {
            return;
        }

        int index = drawn.Count == 1 ? 0 : 1 + (int)SplitMix64.Below(SplitMix64.Hash(seed, BorderDraw), (ulong)drawn.Count - 1);
        _border = drawn[index].Command.Sequence;
        _isBorderKept = drawn.Count > 1;
        foreach ((PendingCommand command, long units) in all)
        {
            bool isTorn = units > 1 && (command.Sequence == _border
                || (command.Sequence > _border && IsHeads(command.Sequence, TearCoin)));
            if (isTorn)
            {
                ulong place = SplitMix64.Hash(seed, (ulong)command.Sequence, PlaceDraw);
                long firstOfTail = commands.UnitAt(command, 1 + (long)SplitMix64.Below(place, (ulong)units - 1));
                _torn.Add(command.Sequence, (firstOfTail, IsHeads(command.Sequence, HalfCoin)));
            }
        }
    }

    /// <summary>Whether a unit survives.</summary>
    public bool Survives(long sequence, long unit) =>
        _torn.TryGetValue(sequence, out (long FirstOfTail, bool KeepsHead) tear)
            ? (unit < tear.FirstOfTail) == tear.KeepsHead
            : sequence > _border || (sequence == _border && _isBorderKept);

    private bool IsHeads(long sequence, ulong coin) =>
        SplitMix64.ToUnit(SplitMix64.Hash(_seed, (ulong)sequence, coin)) < 0.5;
}

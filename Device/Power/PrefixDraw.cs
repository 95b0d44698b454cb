using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Power;

/// <summary>Draws where a prefix ends, for <c>fifo</c> and <c>epoch</c>. What is pending up to the newest required step is in
/// every prefix; a position is how many live units after it survive.</summary>
internal sealed class PrefixDraw
{
    /// <summary>Names the draw of <c>fifo</c> among the seed's coins.</summary>
    public const ulong FifoDraw = 0xF1F0;

    /// <summary>Names the draw of <c>epoch</c>.</summary>
    public const ulong EpochDraw = 0xE90C;

    private readonly long _sequence = long.MaxValue;
    private readonly long _unit;

    private PrefixDraw(CutCommands commands, List<PendingCommand> drawn, long position)
    {
        foreach (PendingCommand command in drawn)
        {
            long count = commands.CountUnits(command);
            if (position < count)
            {
                _sequence = command.Sequence;
                _unit = commands.UnitAt(command, position);
                return;
            }

            position -= count;
        }
    }

    /// <summary>After any number of units, all of them and none included.</summary>
    public static PrefixDraw Fifo(CutCommands commands, ulong seed)
    {
        List<PendingCommand> drawn = Drawn(commands);
        long units = drawn.Sum(commands.CountUnits);
        return new PrefixDraw(commands, drawn, (long)SplitMix64.Below(SplitMix64.Hash(seed, FifoDraw), (ulong)units + 1));
    }

    /// <summary>At one of the borders: before all units, after all of them, and where a flush was accepted. Borders with no
    /// unit between them are one.</summary>
    public static PrefixDraw Epoch(CutCommands commands, ulong seed)
    {
        List<PendingCommand> drawn = Drawn(commands);
        IReadOnlyList<long> flushes = commands.FlushBorders;
        List<long> positions = [0];
        long position = 0;
        int next = 0;
        foreach (PendingCommand command in drawn)
        {
            for (; next < flushes.Count && flushes[next] < command.Sequence; next++)
            {
                AddBorder(position);
            }

            position += commands.CountUnits(command);
        }

        AddBorder(position); // flushes accepted after the last of them change nothing
        ulong border = SplitMix64.Below(SplitMix64.Hash(seed, EpochDraw), (ulong)positions.Count);
        return new PrefixDraw(commands, drawn, positions[(int)border]);

        void AddBorder(long at)
        {
            if (positions[^1] != at)
            {
                positions.Add(at);
            }
        }
    }

    /// <summary>Whether a unit lies in the prefix.</summary>
    public bool Holds(long sequence, long unit) => sequence < _sequence || (sequence == _sequence && unit < _unit);

    private static List<PendingCommand> Drawn(CutCommands commands) =>
        [.. commands.All.Where(c => c.Sequence > commands.NewestRequired)];
}

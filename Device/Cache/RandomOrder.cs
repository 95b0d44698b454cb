using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Cache;

/// <summary>The pending commands in an order that a seed draws: the n-th draw is hash(seed, n), whatever it is for.</summary>
/// <remarks>A command that leaves the cache by another way keeps its slot until it is drawn or the slots are tidied. Not safe
/// for threads: its owner holds the disk's lock.</remarks>
internal sealed class RandomOrder
{
    /// <summary>Names these draws among the seed's.</summary>
    public const ulong DestageDraw = 0xDE57;

    private const int SpareSlots = 1024;

    private readonly ulong _seed;
    private readonly PendingList _pending;
    private readonly List<(PendingCommand Command, long Sequence)> _slots = [];
    private ulong _draws;

    /// <summary>Starts with what is pending.</summary>
    public RandomOrder(ulong seed, PendingList pending)
    {
        _seed = seed;
        _pending = pending;
        for (PendingCommand? command = pending.Oldest; command is not null; command = command.Newer)
        {
            command.HasSlot = false; // of an earlier order
            Add(command);
        }
    }

    /// <summary>A command became pending, or stays it after all. Nothing happens when it has not been drawn.</summary>
    public void Add(PendingCommand command)
    {
        if (command.HasSlot)
        {
            return;
        }

        command.HasSlot = true;
        if (_slots.Count > (2 * _pending.Count) + SpareSlots)
        {
            _slots.RemoveAll(s => !IsPending(s));
        }

        _slots.Add((command, command.Sequence));
    }

    /// <summary>Draws a pending command, which is not drawn again unless it is added again; null when there is none.</summary>
    public PendingCommand? Take()
    {
        while (_slots.Count > 0)
        {
            int index = (int)SplitMix64.Below(SplitMix64.Hash(_seed, DestageDraw, _draws++), (ulong)_slots.Count);
            (PendingCommand Command, long Sequence) slot = _slots[index];
            _slots[index] = _slots[^1];
            _slots.RemoveAt(_slots.Count - 1);
            if (IsPending(slot))
            {
                slot.Command.HasSlot = false;
                return slot.Command;
            }
        }

        return null;
    }

    private bool IsPending((PendingCommand Command, long Sequence) slot) =>
        slot.Command.Sequence == slot.Sequence && slot.Command.List == _pending;
}

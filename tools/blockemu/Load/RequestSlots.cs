using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>What is in flight on one connection, and what was counted of it. For one thread; allocates nothing after it is
/// made.</summary>
internal sealed class RequestSlots
{
    /// <summary>A cookie is the slot's number, and above it how often the slot was used: an answer that comes twice is seen.</summary>
    private const int SlotBits = 16;

    private readonly Slot[] _slots;
    private readonly int[] _free;
    private int _freeCount;

    public RequestSlots(int depth)
    {
        _slots = new Slot[depth];
        _free = new int[depth];
        for (int i = 0; i < depth; i++)
        {
            _slots[i].Cookie = (ulong)i;
            _free[i] = depth - 1 - i;
        }

        _freeCount = depth;
    }

    public LoadCounts Counts { get; } = new();

    public bool HasFree => _freeCount > 0;

    public int InFlight => _slots.Length - _freeCount;

    /// <summary>Takes a free slot for a request that goes out now.</summary>
    public ref readonly Slot Take(NbdCommand command, int lengthBytes, long now, out int index)
    {
        index = _free[--_freeCount];
        ref Slot slot = ref _slots[index];
        slot.Cookie += 1UL << SlotBits;
        slot.Command = command;
        slot.LengthBytes = lengthBytes;
        slot.BudgetBytes = lengthBytes + 1;
        slot.StartedAt = now;
        slot.Error = NbdError.None;
        slot.IsBusy = true;
        return ref slot;
    }

    /// <summary>The slot that a cookie stands for; <see cref="LoadFailedException"/> when nothing with it is in flight.</summary>
    public int Find(ulong cookie)
    {
        ulong index = cookie & ((1UL << SlotBits) - 1);
        return index < (ulong)_slots.Length && _slots[index].IsBusy && _slots[index].Cookie == cookie
            ? (int)index
            : throw new LoadFailedException($"the server answered a request that was not asked (cookie {cookie:x16})");
    }

    public ref Slot this[int index] => ref _slots[index];

    /// <summary>The request was answered, whole.</summary>
    public void Complete(int index, long now)
    {
        ref Slot slot = ref _slots[index];
        slot.IsBusy = false;
        _free[_freeCount++] = index;
        Counts.Add(slot.Command, slot.LengthBytes, now - slot.StartedAt, slot.Error);
    }

    internal struct Slot
    {
        public ulong Cookie;
        public long StartedAt;
        public NbdCommand Command;
        public int LengthBytes;

        /// <summary>What the chunks of a structured reply may still bring.</summary>
        public int BudgetBytes;

        public NbdError Error;
        public bool IsBusy;
    }
}

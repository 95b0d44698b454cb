using System.Runtime.CompilerServices;
using BlockEmu.Device.Atoms;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>The volatile write cache: every pending version of every block, in the order of the steps.</summary>
/// <remarks>
/// Not safe for threads: its owner holds the disk's lock. It keeps these invariants:
/// <list type="number">
/// <item><description>A node's live blocks are exactly those that no newer persistent version covers.</description></item>
/// <item><description>The newest node of a block, or the newest zero range over its page, is what a read returns; where there
/// is none, the platter.</description></item>
/// <item><description>What is made persistent supersedes all older pending versions of its blocks at that moment, so an older
/// version can never come back.</description></item>
/// </list>
/// </remarks>
internal sealed unsafe class WriteCache(DiskGeometry geometry, PageArena arena)
{
    /// <summary>Zero ranges kept as history at most; a further one makes the oldest persistent.</summary>
    public const int MaxZeroRanges = 1024;

    /// <summary>Blocks of newer data over pending zero ranges, in pages, at most; see <see cref="NeedsRelief"/>.</summary>
    public const int MaxZeroClips = 65_536;

    /// <summary>Pending commands without payload (trims, zeroes) at most.</summary>
    public const int MaxWeightless = 65_536;

    /// <summary>Superseded commands remembered for the report at most.</summary>
    public const int MaxDead = 65_536;

    private const int MaxSpareCommands = 4096;
    private const int SmallZeroPages = 4;

    private readonly PageDirectory<PageSlot> _slots = new(geometry.PageCount);
    private readonly List<PendingCommand> _zeroCommands = []; // those with a ZeroRange, ascending
    private readonly Stack<PendingCommand> _spare = new();
    private int _zeroClips;
    private int _weightless;

    public NodePool Nodes { get; } = new();

    public ZeroMap VisibleZeroes { get; } = new();

    /// <summary>Commands with a live atom, in sequence order.</summary>
    public PendingList Pending { get; } = new();

    /// <summary>Commands wholly superseded, kept for the report until a flush covers them.</summary>
    public PendingList Dead { get; } = new();

    /// <summary>Payload bytes of pending atoms, every version counted.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Atoms of the commands in <see cref="Pending"/>, dead ones of live commands included.</summary>
    public long PendingAtoms { get; private set; }

    /// <summary>Whether history without payload has grown to its bound, so that the oldest command must go.</summary>
    public bool NeedsRelief => _zeroCommands.Count > MaxZeroRanges || _zeroClips > MaxZeroClips || _weightless > MaxWeightless;

    public ref PageSlot FindSlot(long page) => ref _slots.Find(page);

    /// <summary>Makes a command visible. Offset and length are multiples of the block; payload is empty for zeroes.</summary>
    public PendingCommand Insert(
        WriteKind kind, long sequence, ByteRange range, AtomLayout layout, ReadOnlySpan<byte> payload, bool isFua)
    {
        PendingCommand command = _spare.TryPop(out PendingCommand? spare) ? spare : new PendingCommand();
        command.Sequence = sequence;
        command.Kind = kind;
        command.OffsetBytes = range.OffsetBytes;
        command.LengthBytes = range.LengthBytes;
        command.IsFua = isFua;
        command.Layout = layout;
        Pending.Append(command);
        PendingAtoms += layout.Count;
        if (kind == WriteKind.Write)
        {
            fixed (byte* source = payload)
            {
                InsertNodes(command, range.OffsetBytes, range.EndBytes, source);
            }
        }
        else
        {
            _weightless++;
            InsertZeroes(command);
        }

        return command;
    }

    /// <summary>The command's live atoms are persistent from now on: older versions die, and it leaves the cache.
    /// With <paramref name="target"/> its pages move there; without, its bytes are on the medium already.</summary>
    public void Persist(PendingCommand command, MemoryMedium? target)
    {
        for (int node = command.FirstNode; node != 0; node = Nodes[node].NextInCommand)
        {
            ref PendingNode entry = ref Nodes[node];
            if (entry.Live == 0)
            {
                continue;
            }

            for (int older = entry.Older; older != 0;)
            {
                int next = Nodes[older].Older;
                Clip(older, entry.Live);
                older = next;
            }

            ClipZeroRanges(entry.Page, entry.Live, command.Sequence);
            target?.Take(ref entry);
        }

        if (command.Zeroes is not null)
        {
            PersistZeroes(command, target);
        }

        Release(command);
    }

    /// <summary>Forgets a command: its nodes leave their pages, its memory is free.</summary>
    public void Release(PendingCommand command)
    {
        Empty(command);
        if (command.List == Pending)
        {
            LeavePending(command);
        }
        else
        {
            command.List?.Remove(command);
        }

        command.AcknowledgeOrder = 0;
        command.KeepsProvisioned = false;
        command.MustSurvive = false;
        if (_spare.Count < MaxSpareCommands)
        {
            _spare.Push(command);
        }
    }

    /// <summary>Takes back a command that failed: its blocks show again what they showed before it.</summary>
    public void Withdraw(PendingCommand command)
    {
        for (int node = command.FirstNode; node != 0; node = Nodes[node].NextInCommand)
        {
            ref PendingNode entry = ref Nodes[node];
            if (entry.Live == 0)
            {
                continue;
            }

            ref PageSlot slot = ref _slots.Find(entry.Page);
            for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
            {
                if (slot.Newest[block] == node)
                {
                    slot.Newest[block] = NextLive(entry.Older, block);
                }
            }
        }

        bool hadZeroes = command.Zeroes is not null;
        Release(command);
        if (!hadZeroes)
        {
            return;
        }

        VisibleZeroes.Clear();
        foreach (PendingCommand zeroes in _zeroCommands)
        {
            foreach (PageRange range in zeroes.Zeroes!.Live.AsSpan())
            {
                VisibleZeroes.Cover(range.Start, range.End, zeroes);
            }
        }
    }

    /// <summary>Forgets everything, as a power cut does.</summary>
    public void Clear()
    {
        while (Pending.Newest is PendingCommand pending)
        {
            Release(pending);
        }

        while (Dead.Newest is PendingCommand dead)
        {
            Release(dead);
        }
    }

    private void Empty(PendingCommand command)
    {
        int node = command.FirstNode;
        while (node != 0)
        {
            ref PendingNode entry = ref Nodes[node];
            int next = entry.NextInCommand;
            if (entry.Live != 0)
            {
                LiveBytes -= BytesOf(in entry);
                entry.Live = 0;
                Unlink(node);
                Free(ref entry);
            }

            Nodes.Return(node);
            node = next;
        }

        command.FirstNode = command.LastNode = command.LiveNodes = 0;
        command.LiveBytes = 0;
        if (command.Zeroes is ZeroRange zeroes)
        {
            VisibleZeroes.Uncover(0, long.MaxValue, command);
            _zeroClips -= zeroes.Clips.Count;
            _zeroCommands.Remove(command);
            command.Zeroes = null;
        }
    }

    private void InsertZeroes(PendingCommand command)
    {
        long end = command.OffsetBytes + command.LengthBytes;
        long firstWhole = (command.OffsetBytes + PageArena.PageBytes - 1) / PageArena.PageBytes;
        long endWhole = end == geometry.SizeBytes ? geometry.PageCount : end / PageArena.PageBytes;
        if (endWhole - firstWhole < SmallZeroPages)
        {
            InsertNodes(command, command.OffsetBytes, end, null);
            return;
        }

        InsertNodes(command, command.OffsetBytes, firstWhole * PageArena.PageBytes, null);
        command.Zeroes = new ZeroRange();
        command.Zeroes.Set(firstWhole, endWhole);
        _zeroCommands.Add(command);
        VisibleZeroes.Cover(firstWhole, endWhole, command);
        if (endWhole * PageArena.PageBytes < end)
        {
            InsertNodes(command, endWhole * PageArena.PageBytes, end, null);
        }
    }

    private void InsertNodes(PendingCommand command, long start, long end, byte* source)
    {
        int blockBytes = geometry.BlockSizeBytes;
        while (start < end)
        {
            long page = start / PageArena.PageBytes;
            long pageStart = page * PageArena.PageBytes;
            int bytes = (int)(Math.Min(end, pageStart + PageArena.PageBytes) - start);
            int first = (int)(start - pageStart) / blockBytes;
            int node = Nodes.Rent();
            ref PendingNode entry = ref Nodes[node];
            entry = new PendingNode { Page = page, Owner = command, FirstBlock = (byte)first, BlockCount = (byte)(bytes / blockBytes) };
            entry.Live = DiskGeometry.Mask(first, entry.BlockCount);
            if (source is not null)
            {
                entry.Data = arena.Rent(bytes);
                Unsafe.CopyBlockUnaligned((void*)entry.Data, source, (uint)bytes);
                source += bytes;
                command.LiveBytes += bytes;
                LiveBytes += bytes;
            }

            Link(command, node, ref entry);
            start += bytes;
        }
    }

    private void Link(PendingCommand command, int node, ref PendingNode entry)
    {
        ref PageSlot slot = ref _slots.FindOrAdd(entry.Page, out _);
        entry.Older = slot.Head;
        if (slot.Head != 0)
        {
            Nodes[slot.Head].Newer = node;
        }

        slot.Head = node;
        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            slot.Newest[block] = node;
        }

        if (command.LastNode == 0)
        {
            command.FirstNode = node;
        }
        else
        {
            Nodes[command.LastNode].NextInCommand = node;
        }

        command.LastNode = node;
        command.LiveNodes++;
    }

    private void Unlink(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        entry.Owner.LiveNodes--;
        ref PageSlot slot = ref _slots.Find(entry.Page);
        if (entry.Newer == 0)
        {
            slot.Head = entry.Older;
        }
        else
        {
            Nodes[entry.Newer].Older = entry.Older;
        }

        if (entry.Older != 0)
        {
            Nodes[entry.Older].Newer = entry.Newer;
        }

        if (slot.Head == 0)
        {
            _slots.Remove(entry.Page);
            return;
        }

        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            if (slot.Newest[block] == node)
            {
                slot.Newest[block] = 0; // all older versions are dead: the platter is next
            }
        }
    }

    /// <summary>Some blocks of an older node are superseded.</summary>
    private void Clip(int node, byte mask)
    {
        ref PendingNode entry = ref Nodes[node];
        byte died = (byte)(entry.Live & mask);
        if (died == 0)
        {
            return;
        }

        PendingCommand owner = entry.Owner;
        long before = BytesOf(in entry);
        entry.Live &= (byte)~died;
        long freed = before - BytesOf(in entry);
        LiveBytes -= freed;
        owner.LiveBytes -= freed;
        if (entry.Live == 0)
        {
            Unlink(node);
            Free(ref entry);
        }
        else
        {
            ref PageSlot slot = ref _slots.Find(entry.Page);
            for (int block = 0; block < geometry.BlocksPerPage; block++)
            {
                if ((died & (1 << block)) != 0 && slot.Newest[block] == node)
                {
                    slot.Newest[block] = 0;
                }
            }
        }

        BuryIfDead(owner);
    }

    private void ClipZeroRanges(long page, byte mask, long sequence)
    {
        foreach (PendingCommand command in _zeroCommands)
        {
            if (command.Sequence >= sequence)
            {
                break;
            }

            if (command.Zeroes!.Live.Contains(page))
            {
                ref byte clip = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
                    command.Zeroes.Clips, page, out bool existed);
                clip |= mask;
                _zeroClips += existed ? 0 : 1;
            }
        }
    }

    private void PersistZeroes(PendingCommand command, MemoryMedium? target)
    {
        ZeroRange zeroes = command.Zeroes!;
        foreach (PageRange range in zeroes.Live.AsSpan())
        {
            for (int i = 0; i < _zeroCommands.Count && _zeroCommands[i].Sequence < command.Sequence; i++)
            {
                PendingCommand older = _zeroCommands[i];
                older.Zeroes!.Live.Subtract(range.Start, range.End);
                if (!older.IsLive)
                {
                    BuryIfDead(older);
                    i--;
                }
            }

            for (long page = _slots.NextInUse(range.Start, range.End); page >= 0; page = _slots.NextInUse(page + 1, range.End))
            {
                ClipOlderThan(command.Sequence, page);
            }

            target?.ZeroPages(range, zeroes);
        }
    }

    private void ClipOlderThan(long sequence, long page)
    {
        int node = _slots.Find(page).Head;
        while (node != 0)
        {
            int next = Nodes[node].Older;
            if (Nodes[node].Owner.Sequence < sequence)
            {
                Clip(node, geometry.FullMask);
            }

            node = next;
        }
    }

    private void BuryIfDead(PendingCommand command)
    {
        if (command.IsLive || command.List != Pending)
        {
            return;
        }

        Empty(command);
        LeavePending(command);
        Dead.Append(command);
        if (Dead.Count > MaxDead)
        {
            Release(Dead.Oldest!);
        }
    }

    private void LeavePending(PendingCommand command)
    {
        Pending.Remove(command);
        PendingAtoms -= command.Layout.Count;
        _weightless -= command.Kind == WriteKind.Write ? 0 : 1;
    }

    private int NextLive(int node, int block)
    {
        while (node != 0 && (Nodes[node].Live & (1 << block)) == 0)
        {
            node = Nodes[node].Older;
        }

        return node;
    }

    private long BytesOf(ref readonly PendingNode node) =>
        node.Owner.Kind != WriteKind.Write ? 0 : System.Numerics.BitOperations.PopCount(node.Live) * (long)geometry.BlockSizeBytes;

    private void Free(ref PendingNode entry)
    {
        if (entry.Data != 0)
        {
            arena.Return(entry.Data, entry.BlockCount * geometry.BlockSizeBytes);
            entry.Data = 0;
        }
    }
}

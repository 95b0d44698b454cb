using System.Numerics;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Transfers;

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
internal sealed class WriteCache
{
    /// <summary>Pending commands without payload (trims, zeroes) at most.</summary>
    public const int MaxWeightless = 65_536;

    /// <summary>Superseded commands remembered for the report at most.</summary>
    public const int MaxDead = 65_536;

    private const int MaxSpareCommands = 32_768; // twice what the usual cache holds of 4 KiB each

    /// <summary>Zeroes over fewer whole pages than this are nodes like data; more are one zero range.</summary>
    private const int ZeroRangePages = 4;

    private readonly DiskGeometry _geometry;
    private readonly PageArena _arena;
    private readonly VersionWriter _writer;
    private readonly Stack<PendingCommand> _spare = new();
    private readonly List<PendingCommand> _dying = [];
    private int _weightless;

    public WriteCache(DiskGeometry geometry, PageArena arena, PageTable pages)
    {
        _geometry = geometry;
        _arena = arena;
        Versions = new PageVersions(geometry, pages);
        _writer = new VersionWriter(geometry, arena, Versions);
    }

    public PageVersions Versions { get; }

    public NodePool Nodes => Versions.Nodes;

    public PendingZeroes Zeroes { get; } = new();

    /// <summary>Commands with a live atom, in sequence order.</summary>
    public PendingList Pending { get; } = new();

    /// <summary>Commands wholly superseded, kept for the report until a flush covers them.</summary>
    public PendingList Dead { get; } = new();

    /// <summary>Payload bytes of pending atoms, every version counted.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>Atoms of the commands in <see cref="Pending"/>, dead ones of live commands included.</summary>
    public long PendingAtoms { get; private set; }

    /// <summary>Whether history without payload has grown to its bound, so that the oldest command must go, before a command
    /// with that much payload is written through at once (0: no such command).</summary>
    public bool NeedsRelief(long bytesWrittenThrough) =>
        _weightless > MaxWeightless || Zeroes.IsOverfull((bytesWrittenThrough + PageArena.PageBytes - 1) / PageArena.PageBytes);

    /// <summary>Makes a command visible. Offset and length are multiples of the block; payload is empty for zeroes.</summary>
    public PendingCommand Insert(
        WriteKind kind, long sequence, ByteRange range, AtomicityParameters atomicity, in WritePayload payload, bool isFua)
    {
        PendingCommand command = _spare.TryPop(out PendingCommand? spare) ? spare : new PendingCommand();
        command.Begin(kind, sequence, range, isFua, atomicity, _geometry.BlockSizeBytes);
        Pending.Append(command);
        PendingAtoms += command.AtomCount;
        if (kind == WriteKind.Write)
        {
            _writer.AddData(command, payload);
            LiveBytes += command.LiveBytes;
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
            if (entry.Live != 0)
            {
                ClipChain(entry.Older, entry.Live, command.Sequence);
                Zeroes.Clip(entry.Page, entry.Live, command.Sequence);
                target?.Take(ref entry);
            }
        }

        if (command.Zeroes is not null)
        {
            PersistZeroes(command, target);
        }

        Release(command);
    }

    /// <summary>Takes back a command that failed: its blocks show again what they showed before it.</summary>
    public void Withdraw(PendingCommand command)
    {
        for (int node = command.FirstNode; node != 0; node = Nodes[node].NextInCommand)
        {
            if (Nodes[node].Live != 0)
            {
                Versions.Uncover(node);
            }
        }

        Zeroes.Withdraw(command);
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
        command.HasSlot = false;
        if (_spare.Count < MaxSpareCommands)
        {
            _spare.Push(command);
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

    private void InsertZeroes(PendingCommand command)
    {
        long end = command.OffsetBytes + command.LengthBytes;
        long firstWhole = (command.OffsetBytes + PageArena.PageBytes - 1) / PageArena.PageBytes;
        long endWhole = end == _geometry.SizeBytes ? _geometry.PageCount : end / PageArena.PageBytes;
        if (endWhole - firstWhole < ZeroRangePages)
        {
            _writer.AddZeroes(command, command.OffsetBytes, end);
            return;
        }

        _writer.AddZeroes(command, command.OffsetBytes, firstWhole * PageArena.PageBytes);
        Zeroes.Add(command, firstWhole, endWhole);
        _writer.AddZeroes(command, endWhole * PageArena.PageBytes, end);
    }

    private void PersistZeroes(PendingCommand command, MemoryMedium? target)
    {
        ZeroRange zeroes = command.Zeroes!;
        foreach (PageRange range in zeroes.Live.AsSpan())
        {
            Zeroes.Supersede(range, command.Sequence, _dying);
            for (long page = Versions.NextPage(range.Start, range.End); page >= 0; page = Versions.NextPage(page + 1, range.End))
            {
                ClipChain(Versions.HeadOf(page), _geometry.FullMask, command.Sequence);
            }

            target?.ZeroPages(range, zeroes);
        }

        foreach (PendingCommand dead in _dying)
        {
            BuryIfDead(dead);
        }

        _dying.Clear();
    }

    /// <summary>Blocks of a page are superseded in every version older than a sequence number, from a node on.</summary>
    private void ClipChain(int node, byte mask, long sequence)
    {
        while (node != 0)
        {
            int older = Nodes[node].Older;
            if (Nodes[node].Owner.Sequence < sequence)
            {
                Clip(node, mask);
            }

            node = older;
        }
    }

    private void Clip(int node, byte mask)
    {
        ref PendingNode entry = ref Nodes[node];
        byte died = (byte)(entry.Live & mask);
        if (died == 0)
        {
            return;
        }

        PendingCommand owner = entry.Owner;
        long bytes = owner.Kind == WriteKind.Write ? (long)BitOperations.PopCount(died) * _geometry.BlockSizeBytes : 0;
        LiveBytes -= bytes;
        owner.LiveBytes -= bytes;
        entry.Live &= (byte)~died;
        if (entry.Live == 0)
        {
            Versions.Unlink(node);
            Free(ref entry);
        }
        else
        {
            Versions.Hide(node, died);
        }

        BuryIfDead(owner);
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

    private void Empty(PendingCommand command)
    {
        int node = command.FirstNode;
        while (node != 0)
        {
            ref PendingNode entry = ref Nodes[node];
            int next = entry.NextInCommand;
            if (entry.Live != 0)
            {
                entry.Live = 0;
                Versions.Unlink(node);
                Free(ref entry);
            }

            Nodes.Return(node);
            node = next;
        }

        LiveBytes -= command.LiveBytes;
        command.FirstNode = command.LastNode = command.LiveNodes = 0;
        command.LiveBytes = 0;
        Zeroes.Remove(command);
    }

    private void LeavePending(PendingCommand command)
    {
        Pending.Remove(command);
        PendingAtoms -= command.AtomCount;
        _weightless -= command.Kind == WriteKind.Write ? 0 : 1;
    }

    private void Free(ref PendingNode entry)
    {
        if (entry.Data != 0)
        {
            _arena.Return(entry.Data, entry.BlockCount * _geometry.BlockSizeBytes);
            entry.Data = 0;
        }
    }
}

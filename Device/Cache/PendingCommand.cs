using BlockEmu.Device.Atoms;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>One write-class command (one step) from when it is visible until it is persistent.</summary>
internal sealed class PendingCommand
{
    public long Sequence;
    public WriteKind Kind;
    public long OffsetBytes;
    public long LengthBytes;
    public bool IsFua;

    /// <summary>Zeroes that must stay provisioned on the medium (NO_HOLE).</summary>
    public bool KeepsProvisioned;

    /// <summary>A destage of it has failed half way: some of its blocks may be on the medium, so a cut must keep it whole.</summary>
    public bool MustSurvive;

    /// <summary>Whether a random order has a slot for it.</summary>
    public bool HasSlot;

    /// <summary>0 while in flight; else the position of its acknowledgement among all.</summary>
    public long AcknowledgeOrder;

    /// <summary>How many atoms.</summary>
    public long AtomCount;

    /// <summary>The promises in force when it was accepted.</summary>
    public AtomicityParameters Atomicity = null!;

    public int BlockSizeBytes;
    public int FirstNode;
    public int LastNode;

    /// <summary>Nodes with a live block.</summary>
    public int LiveNodes;

    /// <summary>Live payload, bytes.</summary>
    public long LiveBytes;

    /// <summary>The whole pages of big zeroes, or null.</summary>
    public ZeroRange? Zeroes;

    public PendingCommand? Older;
    public PendingCommand? Newer;
    public PendingList? List;

    /// <summary>Its atoms: computed when asked for, since hardly a command ever is.</summary>
    public AtomLayout Layout => AtomLayout.Cut(OffsetBytes, LengthBytes, Atomicity, BlockSizeBytes);

    /// <summary>Makes it a new command, which has no versions yet.</summary>
    public void Begin(
        WriteKind kind, long sequence, ByteRange range, bool isFua, AtomicityParameters atomicity, int blockSizeBytes)
    {
        Sequence = sequence;
        Kind = kind;
        OffsetBytes = range.OffsetBytes;
        LengthBytes = range.LengthBytes;
        IsFua = isFua;
        if (!ReferenceEquals(Atomicity, atomicity))
        {
            Atomicity = atomicity; // a used command mostly has it
        }

        BlockSizeBytes = blockSizeBytes;
        AtomCount = Layout.Count;
    }

    /// <summary>How far its atoms may reach.</summary>
    public AtomReach Reach => AtomCount * BlockSizeBytes == LengthBytes ? AtomReach.Block
        : OffsetBytes / PageArena.PageBytes != (OffsetBytes + LengthBytes - 1) / PageArena.PageBytes && Layout.Crosses(PageArena.PageBytes)
            ? AtomReach.Pages
            : AtomReach.Page;

    public bool IsAcknowledged => AcknowledgeOrder != 0;

    /// <summary>Whether anything of it could still change the platter.</summary>
    public bool IsLive => LiveNodes != 0 || Zeroes is { Live.Count: > 0 };
}

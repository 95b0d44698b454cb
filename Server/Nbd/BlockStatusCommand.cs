using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>BLOCK_STATUS: one map of the disk becomes one chunk for each selected context.</summary>
internal sealed class BlockStatusCommand(NbdSession session, ReplyBatch replies)
{
    /// <summary>Extents in one chunk at most; a client asks on from where they end.</summary>
    public const int MaxExtents = 4096;

    private readonly long _gridBytes = session.Export.BlockSizes.MinimumBytes;
    private readonly int _blockBytes = session.Disk.Options.BlockSizeBytes;
    private List<DiskExtent>? _extents;

    /// <summary>Gives back what it holds between requests.</summary>
    public void Release() => _extents = null;

    /// <summary>When it returns Ok the reply is in the batch, unless <paramref name="goesOn"/> is false: the session
    /// ended.</summary>
    public DiskStatus Run(in NbdRequestHeader header, IReadOnlyList<NbdMetaContext> contexts, out bool goesOn)
    {
        goesOn = true;
        List<DiskExtent> extents = _extents ??= [];
        int wanted = (header.Flags & NbdCommandFlags.RequestOne) == NbdCommandFlags.None ? MaxExtents : 1;

        // A cell of a coarse grid may hold as many extents as blocks, and one more shows that it is whole.
        int asked = (int)Math.Max(wanted, (_gridBytes / _blockBytes) + 1);
        DiskStatus status = session.Disk.Map(
            session.Epoch, (long)header.OffsetBytes, (long)header.LengthBytes, asked, extents);
        if (status != DiskStatus.Ok)
        {
            return status;
        }

        if (_gridBytes > _blockBytes)
        {
            ExtentGrid.Coarsen(extents, _gridBytes);
        }

        goesOn = TryReply(header, contexts, extents, wanted);
        return DiskStatus.Ok;
    }

    private bool TryReply(
        in NbdRequestHeader header, IReadOnlyList<NbdMetaContext> contexts, List<DiskExtent> extents, int wanted)
    {
        ReplyWriter writer = replies.Writer;
        int chunkBytes = writer.HeaderBytes + StatusChunk.MaxSizeBytes(writer.IsExtended, Math.Min(extents.Count, wanted));
        if (!replies.TryReserveWire(contexts.Count * chunkBytes, out Span<byte> wire))
        {
            return false;
        }

        bool isFua = (header.Flags & NbdCommandFlags.Fua) != NbdCommandFlags.None;
        var reply = new BatchedReply(header.Cookie, DiskOperation.BlockStatus, true, isFua, 0) { OffsetBytes = header.OffsetBytes };
        NbdChunkType type = writer.IsExtended ? NbdChunkType.BlockStatusExtended : NbdChunkType.BlockStatus;
        int usedBytes = 0;
        for (int i = 0; i < contexts.Count; i++)
        {
            Span<byte> chunk = wire[usedBytes..];
            int payloadBytes = StatusChunk.Write(chunk[writer.HeaderBytes..], writer.IsExtended, contexts[i], extents, wanted);
            bool isLast = i == contexts.Count - 1;
            usedBytes += payloadBytes + writer.WriteHeader(chunk, type, reply, payloadBytes, isDone: isLast);
        }

        replies.Commit(reply, usedBytes);
        return true;
    }
}

using System.Buffers.Binary;
using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>BLOCK_STATUS: one map of the disk becomes one chunk for each selected context.</summary>
internal sealed class BlockStatusCommand(DiskSession session, ReplyBatch replies)
{
    /// <summary>Extents in one chunk at most; a client asks on from where they end.</summary>
    public const int MaxExtents = 4096;

    private readonly long _gridBytes = session.Export.BlockSizes.MinimumBytes;
    private readonly int _blockBytes = session.Disk.Options.BlockSizeBytes;
    private List<DiskExtent>? _extents;

    /// <summary>When it returns Ok the reply is in the batch, unless <paramref name="goesOn"/> is false: the session
    /// ended.</summary>
    public DiskStatus Run(in NbdRequestHeader header, out bool goesOn)
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

        goesOn = TryReply(header, extents, wanted);
        return DiskStatus.Ok;
    }

    private bool TryReply(in NbdRequestHeader header, List<DiskExtent> extents, int wanted)
    {
        IReadOnlyList<NbdMetaContext> contexts = session.Terms.Contexts;
        int chunkBytes = NbdChunkHeader.SizeBytes + NbdChunkHeader.ContextIdSizeBytes
            + (Math.Min(extents.Count, wanted) * NbdStatusExtent.SizeBytes);
        if (!replies.TryReserveWire(contexts.Count * chunkBytes, out Span<byte> wire))
        {
            return false;
        }

        int usedBytes = 0;
        for (int i = 0; i < contexts.Count; i++)
        {
            Span<byte> chunk = wire[usedBytes..];
            int payloadBytes = WriteExtents(chunk[NbdChunkHeader.SizeBytes..], contexts[i], extents, wanted);
            usedBytes += payloadBytes + ReplyWriter.WriteHeader(
                chunk, NbdChunkType.BlockStatus, header.Cookie, payloadBytes, isDone: i == contexts.Count - 1);
        }

        bool isFua = (header.Flags & NbdCommandFlags.Fua) != NbdCommandFlags.None;
        replies.Commit(new BatchedReply(header.Cookie, null, true, isFua, 0), usedBytes);
        return true;
    }

    /// <summary>Neighbours that are alike in this context become one. Returns how many bytes it took.</summary>
    private static int WriteExtents(Span<byte> payload, NbdMetaContext context, List<DiskExtent> extents, int wanted)
    {
        BinaryPrimitives.WriteUInt32BigEndian(payload, context.Id);
        int usedBytes = NbdChunkHeader.ContextIdSizeBytes;
        int count = 0;
        NbdStatusExtent last = default;
        foreach (DiskExtent extent in extents)
        {
            uint status = StatusContexts.StatusOf(context.Name, extent);
            if (count > 0 && last.Status == status)
            {
                last = last with { LengthBytes = last.LengthBytes + (ulong)extent.LengthBytes };
                usedBytes -= NbdStatusExtent.SizeBytes;
            }
            else
            {
                if (count == wanted)
                {
                    break;
                }

                last = new NbdStatusExtent((ulong)extent.LengthBytes, status);
                count++;
            }

            last.Write(payload[usedBytes..]);
            usedBytes += NbdStatusExtent.SizeBytes;
        }

        return usedBytes;
    }
}

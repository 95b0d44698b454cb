using System.Buffers.Binary;
using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>The payload of a BLOCK_STATUS or BLOCK_STATUS_EXT chunk.</summary>
internal static class StatusChunk
{
    /// <summary>The most that so many extents take.</summary>
    public static int MaxSizeBytes(bool isExtended, int extents) => FixedBytes(isExtended) + (extents * ExtentBytes(isExtended));

    /// <summary>Writes up to <paramref name="maxExtents"/>; neighbours that are alike in this context become one. Returns how
    /// many bytes it took.</summary>
    public static int Write(
        Span<byte> payload, bool isExtended, NbdMetaContext context, List<DiskExtent> extents, int maxExtents)
    {
        int fixedBytes = FixedBytes(isExtended);
        int extentBytes = ExtentBytes(isExtended);
        int count = 0;
        NbdStatusExtent last = default;
        foreach (DiskExtent extent in extents)
        {
            uint status = StatusContexts.StatusOf(context.Name, extent);
            if (count > 0 && last.Status == status)
            {
                last = last with { LengthBytes = last.LengthBytes + (ulong)extent.LengthBytes };
            }
            else if (count == maxExtents)
            {
                break;
            }
            else
            {
                last = new NbdStatusExtent((ulong)extent.LengthBytes, status);
                count++;
            }

            Span<byte> place = payload[(fixedBytes + ((count - 1) * extentBytes))..];
            if (isExtended)
            {
                last.WriteExtended(place);
            }
            else
            {
                last.Write(place);
            }
        }

        BinaryPrimitives.WriteUInt32BigEndian(payload, context.Id);
        if (isExtended)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload[NbdChunkHeader.ContextIdSizeBytes..], (uint)count);
        }

        return fixedBytes + (count * extentBytes);
    }

    private static int FixedBytes(bool isExtended) =>
        isExtended ? NbdExtendedChunkHeader.ContextIdAndCountSizeBytes : NbdChunkHeader.ContextIdSizeBytes;

    private static int ExtentBytes(bool isExtended) =>
        isExtended ? NbdStatusExtent.ExtendedSizeBytes : NbdStatusExtent.SizeBytes;
}

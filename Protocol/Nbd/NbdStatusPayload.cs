using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The payload of an extended BLOCK_STATUS: how much, and which contexts of those that were selected.</summary>
/// <remarks>
/// NBD proto.md (extension-ext-header), "NBD_CMD_BLOCK_STATUS". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  length of the range, bytes
///      8   4*n  ids of contexts, at least one
/// </code>
/// </remarks>
public static class NbdStatusPayload
{
    private const int LengthBytes = 8;
    private const int IdBytes = 4;

    /// <summary>Whether that many bytes can hold ids of these contexts, each at most once.</summary>
    public static bool IsLengthValid(ulong payloadBytes, int contextCount) =>
        payloadBytes > LengthBytes && (payloadBytes - LengthBytes) % IdBytes == 0
        && (payloadBytes - LengthBytes) / IdBytes <= (ulong)contextCount;

    /// <summary>The length of the range.</summary>
    public static ulong ReadLength(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64BigEndian(payload);

    /// <summary>False when an id is unknown or comes twice.</summary>
    public static bool TryPick(
        ReadOnlySpan<byte> payload, IReadOnlyList<NbdMetaContext> selected, out IReadOnlyList<NbdMetaContext> picked)
    {
        List<NbdMetaContext> contexts = [];
        picked = contexts;
        for (int at = LengthBytes; at < payload.Length; at += IdBytes)
        {
            uint id = BinaryPrimitives.ReadUInt32BigEndian(payload[at..]);
            NbdMetaContext context = selected.FirstOrDefault(c => c.Id == id);
            if (context.Name is null || contexts.Contains(context))
            {
                return false;
            }

            contexts.Add(context);
        }

        return true;
    }

    /// <summary>The bytes a client sends.</summary>
    public static byte[] Format(ulong lengthBytes, ReadOnlySpan<uint> ids)
    {
        byte[] payload = new byte[LengthBytes + (IdBytes * ids.Length)];
        BinaryPrimitives.WriteUInt64BigEndian(payload, lengthBytes);
        for (int i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(LengthBytes + (IdBytes * i)), ids[i]);
        }

        return payload;
    }
}

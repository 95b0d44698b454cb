using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>A namespace list, 4,096 bytes (Base 4.6.2): up to 1,024 identifiers of 4 bytes, ascending; 0 ends it. The Changed
/// Namespace List log page is one too.</summary>
public static class NvmeNamespaceList
{
    public const int SizeBytes = 4096;

    public static uint[] Read(ReadOnlySpan<byte> source)
    {
        List<uint> ids = [];
        for (int i = 0; i < SizeBytes && BinaryPrimitives.ReadUInt32LittleEndian(source[i..]) is var id and not 0; i += 4)
        {
            ids.Add(id);
        }

        return [.. ids];
    }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> for more than 1,024.</summary>
    public static void Write(Span<byte> destination, ReadOnlySpan<uint> ids)
    {
        destination[..SizeBytes].Clear();
        for (int i = 0; i < ids.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(i * 4, 4), ids[i]);
        }
    }
}

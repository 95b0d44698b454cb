using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Reads a redo file piece by piece.</summary>
internal sealed class RedoReader(SafeFileHandle file, RedoHeader header)
{
    public const int CopyBytes = 1 << 20;

    private readonly byte[] _record = new byte[RedoRecord.SizeBytes];

    public RedoHeader Header => header;

    public RedoRecord Record(long index)
    {
        FileBytes.Read(file, RedoHeader.SizeBytes + (index * RedoRecord.SizeBytes), _record);
        return RedoRecord.Read(_record);
    }

    public void ReadData(long atBytes, Span<byte> destination) => FileBytes.Read(file, atBytes, destination);

    /// <summary>Whether all is there as it was written. An older, longer one may have left bytes behind it: the records say where this
    /// one ends.</summary>
    public bool IsWhole(uint checksum)
    {
        long length = RandomAccess.GetLength(file);
        if (header.RecordCount < 0 || header.RecordCount > (length - RedoHeader.SizeBytes) / RedoRecord.SizeBytes)
        {
            return false;
        }

        long dataBytes = 0;
        for (long i = 0; i < header.RecordCount; i++)
        {
            RedoRecord record = Record(i);
            if (!IsInside(record) || dataBytes > length - record.DataBytes)
            {
                return false;
            }

            dataBytes += record.DataBytes;
        }

        long end = header.DataStart + dataBytes;
        return end <= length && dataBytes % RedoSum.StrideBytes == 0 && ChecksumUntil(end) == checksum;
    }

    private bool IsInside(RedoRecord record) =>
        record.LengthBytes != long.MinValue && record.OffsetBytes >= 0 && record.OffsetBytes < header.Image.SizeBytes
        && Math.Abs(record.LengthBytes) <= header.Image.SizeBytes - record.OffsetBytes;

    private uint ChecksumUntil(long endBytes)
    {
        byte[] buffer = new byte[CopyBytes];
        uint head = 0;
        RedoSum data = default;
        for (long at = RedoHeader.ChecksumEnd; at < endBytes;)
        {
            bool isHead = at < header.DataStart;
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, (isHead ? header.DataStart : endBytes) - at));
            FileBytes.Read(file, at, part);
            if (isHead)
            {
                head = RedoHeader.Checksum(head, part);
            }
            else
            {
                data.Add(part);
            }

            at += part.Length;
        }

        return data.Behind(head);
    }
}

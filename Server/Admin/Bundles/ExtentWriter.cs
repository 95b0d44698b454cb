using System.Buffers.Binary;

namespace BlockEmu.Server.Admin.Bundles;

/// <summary>Writes one extent entry of a bundle (docs/bundle-format.md, section 3); also the sparse form of a platter.</summary>
/// <remarks>
/// All integers are little-endian.
/// <code>
/// header   0  4  ASCII "BEXT"
///          4  4  version, u32 = 1
/// record   0  8  offsetBytes, u64 (a command's sequence for kind 2)
///          8  8  lengthBytes, u64
///         16  4  kind: 0 zero, 1 data, 2 command, 3 end
///         20  4  0
///         24  -  data of kind 1, at most 1 MiB
/// </code>
/// </remarks>
internal sealed class ExtentWriter(Stream output)
{
    public const int HeaderBytes = 8;
    public const int RecordBytes = 24;
    public const int MaxDataBytes = 1 << 20;

    /// <summary>Zeroes shorter than this inside data stay data.</summary>
    private const int GranuleBytes = 4096;

    private const uint Zero = 0;
    private const uint Data = 1;
    private const uint Command = 2;
    private const uint End = 3;

    private long _zeroOffset;
    private long _zeroLength;

    public void WriteHeader()
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        "BEXT"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], 1);
        output.Write(header);
    }

    /// <summary>What follows belongs to the command with this sequence number.</summary>
    public void WriteCommand(long sequence)
    {
        FlushZeroes();
        WriteRecord(sequence, 0, Command);
    }

    /// <summary>A range that reads as zeroes; adjoining ones become one record.</summary>
    public void WriteZeroes(long offsetBytes, long lengthBytes)
    {
        if (_zeroLength > 0 && _zeroOffset + _zeroLength == offsetBytes)
        {
            _zeroLength += lengthBytes;
            return;
        }

        FlushZeroes();
        _zeroOffset = offsetBytes;
        _zeroLength = lengthBytes;
    }

    /// <summary>Bytes of the disk; runs of zeroes become zero records.</summary>
    public void WriteData(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        int start = 0;
        while (start < bytes.Length)
        {
            bool isZero = IsZero(bytes, start, out int end);
            while (end < bytes.Length && IsZero(bytes, end, out int next) == isZero)
            {
                end = next;
            }

            if (isZero)
            {
                WriteZeroes(offsetBytes + start, end - start);
            }
            else
            {
                FlushZeroes();
                WriteRecord(offsetBytes + start, end - start, Data);
                output.Write(bytes[start..end]);
            }

            start = end;
        }
    }

    public void WriteEnd()
    {
        FlushZeroes();
        WriteRecord(0, 0, End);
    }

    private static bool IsZero(ReadOnlySpan<byte> bytes, int start, out int end)
    {
        end = Math.Min(start + GranuleBytes, bytes.Length);
        return !bytes[start..end].ContainsAnyExcept((byte)0);
    }

    private void FlushZeroes()
    {
        if (_zeroLength > 0)
        {
            WriteRecord(_zeroOffset, _zeroLength, Zero);
            _zeroLength = 0;
        }
    }

    private void WriteRecord(long offsetBytes, long lengthBytes, uint kind)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, offsetBytes);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], lengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record[16..], kind);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], 0);
        output.Write(record);
    }
}

using System.Runtime.InteropServices;
using BlockEmu.Device.Cache;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>The head of a redo file in memory: header and records, with what the image holds before they are carried out, as far as
/// the host has that in memory: nothing is read from its disk for it.</summary>
internal sealed unsafe class RedoHead(SafeFileHandle image, long sizeBytes)
{
    private const int MaxReadBytes = 64 << 10;
    private const int RWF_NOWAIT = 8;

    private readonly byte[] _old = GC.AllocateUninitializedArray<byte>(MaxReadBytes, pinned: true);
    private byte[] _bytes = new byte[RedoHeader.SizeBytes + (64 * RedoRecord.SizeBytes)];
    private int? _readFlags = RWF_NOWAIT; // null = this file system can't say what it has at hand

    /// <summary>What is written; the records begin behind the header.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, Length);

    public int Length { get; private set; }

    public int RecordCount => (Length - RedoHeader.SizeBytes) / RedoRecord.SizeBytes;

    public void Clear() => Length = RedoHeader.SizeBytes;

    /// <summary>Adds a record; a length of 0 is a witness, which must not be written meanwhile.</summary>
    public void Add(long offsetBytes, long lengthBytes)
    {
        if (_bytes.Length - Length < RedoRecord.SizeBytes)
        {
            Array.Resize(ref _bytes, _bytes.Length * 2);
        }

        new RedoRecord(offsetBytes, lengthBytes).Write(_bytes.AsSpan(Length));
        Length += RedoRecord.SizeBytes;
    }

    /// <summary>Writes the header in front.</summary>
    /// <returns>The checksum of the head, to be continued.</returns>
    public uint Finish(RedoHeader header)
    {
        header.Write(_bytes);
        return RedoHeader.Checksum(0, _bytes.AsSpan(RedoHeader.ChecksumEnd, Length - RedoHeader.ChecksumEnd));
    }

    /// <summary>Notes what the image holds at the records of at most a page.</summary>
    public void NoteOld()
    {
        for (int first = 0; first < RecordCount;)
        {
            long start = At(first).OffsetBytes;
            int bytes = 0;
            int next = first;
            while (next < RecordCount && At(next) is var record && record.OffsetBytes == start + bytes
                && OldBytes(record, sizeBytes) is > 0 and var more && bytes + more <= MaxReadBytes)
            {
                bytes += more;
                next++;
            }

            if (next > first)
            {
                NoteOld(first, next, start, bytes);
            }

            first = Math.Max(next, first + 1);
        }
    }

    /// <summary>How many bytes a record's checksum is of; 0 = it is too long for one.</summary>
    public static int OldBytes(RedoRecord record, long sizeBytes) =>
        record.IsWitness ? (int)Math.Min(PageArena.PageBytes, sizeBytes - record.OffsetBytes)
        : Math.Abs(record.LengthBytes) <= PageArena.PageBytes ? (int)Math.Abs(record.LengthBytes)
        : 0;

    public static uint SumOf(ReadOnlySpan<byte> bytes)
    {
        RedoSum sum = default;
        sum.Add(bytes);
        return sum.Behind(0);
    }

    private RedoRecord At(int index) => RedoRecord.Read(_bytes.AsSpan(RedoHeader.SizeBytes + (index * RedoRecord.SizeBytes)));

    private void NoteOld(int first, int end, long start, int bytes)
    {
        int known = ReadWithoutWaiting(start, bytes);
        if (known < bytes && FileBytes.NextData(image, start + known, start + bytes) is var data)
        {
            int hole = data is null ? bytes - known : (int)(data.Value.OffsetBytes - start - known);
            _old.AsSpan(known, hole).Clear();
            known += hole;
        }

        int at = 0;
        for (int i = first; i < end; i++)
        {
            RedoRecord record = At(i);
            int length = OldBytes(record, sizeBytes);
            if (at + length > known)
            {
                return;
            }

            (record with { OldSum = SumOf(_old.AsSpan(at, length)) }).Write(_bytes.AsSpan(RedoHeader.SizeBytes + (i * RedoRecord.SizeBytes)));
            at += length;
        }
    }

    /// <returns>How many bytes the host had at hand.</returns>
    private int ReadWithoutWaiting(long offsetBytes, int bytes)
    {
        fixed (byte* old = _old)
        {
            LibC.IoVector vector = new((nint)old, (nuint)bytes);
            while (_readFlags is { } flags)
            {
                nint read = LibC.ReadVector(image, &vector, 1, offsetBytes, flags);
                if (read >= 0)
                {
                    return (int)read;
                }

                if (Marshal.GetLastPInvokeError() != LibC.EOPNOTSUPP || flags == 0)
                {
                    return 0;
                }

                _readFlags = LibC.FileSystemOf(image) == LibC.TMPFS_MAGIC ? 0 : null; // it is memory anyway
            }

            return 0;
        }
    }
}

using System.Buffers.Binary;
using BlockEmu.Device.Cache;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Does again what a killed process left half done (<see cref="RedoFile"/>), before an image is used.</summary>
internal static class RedoRecovery
{
    private const int CopyBytes = 1 << 20;

    /// <summary>Judges what is beside an image. With <see cref="RedoUse.Finish"/> what counts is carried out (as often as it takes: a
    /// second time it changes nothing) and every redo file is taken away; a file of that name that is none stays. Throws
    /// <see cref="DeviceIoException"/>.</summary>
    /// <param name="image">The image, open, locked, and writable where it is to be written.</param>
    /// <param name="imagePath">Where it is.</param>
    /// <param name="use">What to do.</param>
    public static RedoState Run(SafeFileHandle image, string imagePath, RedoUse use)
    {
        string path = RedoFile.PathOf(imagePath);
        if (LibC.TryStat(path) is not { } found)
        {
            return RedoState.None;
        }

        if (!found.IsRegular)
        {
            return RedoState.Foreign;
        }

        try
        {
            using SafeFileHandle redo = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.None);
            (RedoState state, RedoHeader header) = Judge(image, redo, path);
            if (state == RedoState.Unfinished && use == RedoUse.Refuse)
            {
                throw new DeviceIoException(
                    $"medium: {imagePath} was being written when its server was killed, and a read-only disk can't finish it: blockemu recover {imagePath}");
            }

            if (state != RedoState.Foreign && use == RedoUse.Finish)
            {
                if (state == RedoState.Unfinished)
                {
                    Finish(image, redo, header);
                }

                File.Delete(path);
            }

            return state;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && e is not DeviceIoException { Errno: 0 })
        {
            throw new DeviceIoException($"medium: {path} may hold what a killed server left to finish, but: {e.Message}", LibC.EIO, e);
        }
    }

    private static (RedoState State, RedoHeader Header) Judge(SafeFileHandle image, SafeFileHandle redo, string path)
    {
        if (!IsOurs(redo, path))
        {
            return (RedoState.Foreign, default);
        }

        byte[] head = new byte[RedoHeader.SizeBytes];
        FileBytes.Read(redo, 0, head);
        if (head.AsSpan().StartsWith(RedoHeader.Nothing))
        {
            return (RedoState.None, default);
        }

        if (RedoHeader.TryRead(head) is not var (header, checksum) || !IsWhole(redo, header, checksum))
        {
            return (RedoState.NotBegun, default);
        }

        ImageIdentity here = ImageIdentity.Find(image);
        RedoState state = header.Image.Boot != here.Boot || ImageIdentity.BootId is null ? RedoState.OtherBoot
            : header.Image != here ? RedoState.OtherImage
            : HasBegun(image, redo, header) ? RedoState.Unfinished
            : RedoState.NotBegun;
        return (state, header);
    }

    private static bool IsOurs(SafeFileHandle redo, string path)
    {
        Span<byte> start = stackalloc byte[RedoHeader.Magic.Length];
        if (RandomAccess.GetLength(redo) is var length && length < start.Length)
        {
            return length == 0; // killed before the first was written
        }

        FileBytes.Read(redo, 0, start);
        bool isOfAnyVersion = start[..^2].SequenceEqual(RedoHeader.Magic[..^2]);
        return isOfAnyVersion && !start.SequenceEqual(RedoHeader.Magic)
            ? throw new DeviceIoException($"medium: {path} was left by a killed server of another version; start that one to finish it")
            : isOfAnyVersion || start.SequenceEqual(RedoHeader.Nothing);
    }

    private static bool IsWhole(SafeFileHandle redo, RedoHeader header, uint checksum)
    {
        long length = RandomAccess.GetLength(redo);
        if (header.RecordCount < 0 || header.RecordCount > (length - RedoHeader.SizeBytes) / RedoFile.RecordBytes)
        {
            return false;
        }

        // An older, longer one may have left bytes behind it: the records say where this one ends.
        long dataBytes = 0;
        byte[] record = new byte[RedoFile.RecordBytes];
        for (long i = 0; i < header.RecordCount; i++)
        {
            (long offset, long bytes) = ReadRecord(redo, i, record);
            if (bytes is 0 or long.MinValue || offset < 0 || offset > header.Image.SizeBytes - Math.Abs(bytes) || dataBytes > length - Math.Max(0, bytes))
            {
                return false;
            }

            dataBytes += Math.Max(0, bytes);
        }

        long end = DataStart(header) + dataBytes;
        return end <= length && dataBytes % RedoSum.StrideBytes == 0 && ChecksumOf(redo, DataStart(header), end) == checksum;
    }

    /// <summary>Whether the first page that it writes is on the image. If not, none of it is; or the image holds something else by
    /// now, over which it must not be written. The host may zero a range in any order, so there it may have begun.</summary>
    private static bool HasBegun(SafeFileHandle image, SafeFileHandle redo, RedoHeader header)
    {
        if (header.RecordCount == 0)
        {
            return false;
        }

        (long offset, long length) = ReadRecord(redo, 0, new byte[RedoFile.RecordBytes]);
        int bytes = (int)Math.Min(length, PageArena.PageBytes - (offset % PageArena.PageBytes));
        if (bytes < 0)
        {
            return true;
        }

        byte[] there = new byte[bytes];
        byte[] written = new byte[bytes];
        FileBytes.Read(image, offset, there);
        FileBytes.Read(redo, DataStart(header), written);
        return there.AsSpan().SequenceEqual(written);
    }

    private static uint ChecksumOf(SafeFileHandle redo, long dataStart, long endBytes)
    {
        byte[] buffer = new byte[CopyBytes];
        uint head = 0;
        RedoSum data = default;
        for (long at = RedoHeader.ChecksumEnd; at < endBytes;)
        {
            bool isHead = at < dataStart;
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, (isHead ? dataStart : endBytes) - at));
            FileBytes.Read(redo, at, part);
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

    private static long DataStart(RedoHeader header) => RedoHeader.SizeBytes + (header.RecordCount * RedoFile.RecordBytes);

    private static (long Offset, long Length) ReadRecord(SafeFileHandle redo, long index, byte[] record)
    {
        FileBytes.Read(redo, RedoHeader.SizeBytes + (index * RedoFile.RecordBytes), record);
        return (BinaryPrimitives.ReadInt64LittleEndian(record), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(sizeof(long))));
    }

    private static void Finish(SafeFileHandle image, SafeFileHandle redo, RedoHeader header)
    {
        byte[] record = new byte[RedoFile.RecordBytes];
        byte[] buffer = new byte[CopyBytes];
        long data = DataStart(header);
        for (long i = 0; i < header.RecordCount; i++)
        {
            (long offset, long length) = ReadRecord(redo, i, record);
            if (length < 0)
            {
                FileBytes.Zero(image, offset, -length, FileBytes.ZeroMode(header.KeepsProvisioned));
                continue;
            }

            for (long done = 0; done < length;)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done));
                FileBytes.Read(redo, data, part);
                FileBytes.Write(image, offset + done, part);
                done += part.Length;
                data += part.Length;
            }
        }

        if (LibC.DataSync(image) != 0)
        {
            throw FileBytes.Error("fdatasync", 0);
        }
    }
}

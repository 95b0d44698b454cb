using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Does again what a killed process left half done (<see cref="RedoFile"/>), before an image is used.</summary>
internal static class RedoRecovery
{
    private const int MaxAside = 10_000;

    /// <summary>Judges what is beside an image. With <see cref="RedoUse.Finish"/> what counts is carried out (as often as it takes: a
    /// second time it changes nothing) and its redo file is taken away; one that does not count is kept under another name; a file of
    /// that name that is none stays. Throws <see cref="DeviceIoException"/>.</summary>
    /// <param name="image">The image, open, locked, and writable where it is to be written.</param>
    /// <param name="imagePath">Where it is.</param>
    /// <param name="use">What to do.</param>
    public static RedoFinding Run(SafeFileHandle image, string imagePath, RedoUse use)
    {
        string beside = RedoFile.PathOf(imagePath);
        string? noted = ImageMarks.ReadRedoPath(image);
        string? path = LibC.TryStat(beside, followsLink: false) is not null ? beside : FindElsewhere(image, beside, noted);
        RedoFinding finding = path is null
            ? new RedoFinding(noted is null ? RedoState.None : RedoState.Missing, beside)
            : Use(image, imagePath, path, use, isNoted: noted is not null);

        // What is there instead may be anybody's, and stays.
        return finding.State == RedoState.Foreign && noted is not null ? finding with { State = RedoState.Missing } : finding;
    }

    private static RedoFinding Use(SafeFileHandle image, string imagePath, string path, RedoUse use, bool isNoted)
    {
        try
        {
            if (!IsTrusted(image, path))
            {
                return new RedoFinding(RedoState.Foreign, path);
            }

            FileAccess access = use == RedoUse.Finish ? FileAccess.ReadWrite : FileAccess.Read;
            using SafeFileHandle redo = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite); // whoever has the image's lock has this
            (RedoState state, RedoReader? reader) = RedoJudge.Judge(image, redo, path, isNoted);
            if (state == RedoState.Unfinished && use == RedoUse.Refuse)
            {
                throw new DeviceIoException(
                    $"medium: {imagePath} was being written when its server was killed, and a read-only disk can't finish it: blockemu recover {imagePath}");
            }

            RedoFinding finding = new(state, path);
            if (use != RedoUse.Finish || state == RedoState.Foreign)
            {
                return finding;
            }

            if (state == RedoState.Unfinished)
            {
                Finish(image, redo, reader!);
            }

            ImageMarks.ForgetRedoPath(image); // before it is gone: whoever dies in between leaves no doubt
            if (finding.MayBeTorn)
            {
                return finding with { AsidePath = PutAside(path) };
            }

            File.Delete(path);
            return finding;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && e is not DeviceIoException { Errno: 0 })
        {
            throw new DeviceIoException($"medium: {path} may hold what a killed server left to finish, but: {e.Message}", LibC.EIO, e);
        }
    }

    /// <summary>The image may have been renamed or linked since: where it says itself, and by that name in the folder where it is now.
    /// What lies there is touched only if it is about this file.</summary>
    private static string? FindElsewhere(SafeFileHandle image, string beside, string? noted)
    {
        if (noted is null)
        {
            return null;
        }

        ImageIdentity here = ImageIdentity.Find(image);
        string inFolder = Path.Combine(Path.GetDirectoryName(beside)!, Path.GetFileName(noted));
        return new[] { noted, inFolder }.FirstOrDefault(path => IsTrusted(image, path) && IsAbout(here, path));
    }

    private static bool IsAbout(ImageIdentity here, string path)
    {
        try
        {
            using SafeFileHandle redo = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] head = new byte[RedoHeader.SizeBytes];
            FileBytes.Read(redo, 0, head);
            return RedoHeader.Read(head).Header.Image.IsFile(here);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether it is a file that a server of ours may have made. In a folder for everybody somebody else could lay one down
    /// that says what to write into the image.</summary>
    private static bool IsTrusted(SafeFileHandle image, string path) =>
        LibC.TryStat(path, followsLink: false) is { IsRegular: true } found
        && (found.Owner == LibC.EffectiveUser() || found.Owner == LibC.TryStat(image)?.Owner);

    private static string PutAside(string path)
    {
        for (int n = 1; ; n++)
        {
            string aside = $"{path}.aside-{n}";
            try
            {
                File.Move(path, aside, overwrite: false);
                return aside;
            }
            catch (IOException) when (n < MaxAside && LibC.TryStat(aside, followsLink: false) is not null)
            {
                // One from before is there, and stays.
            }
        }
    }

    /// <summary>As the server that began it: whoever dies here, too, leaves it to the next.</summary>
    private static void Beat(SafeFileHandle redo) => FileBytes.Write(redo, 0, RedoHeader.Magic);

    private static void Finish(SafeFileHandle image, SafeFileHandle redo, RedoReader reader)
    {
        byte[] buffer = new byte[RedoReader.CopyBytes];
        long data = reader.Header.DataStart;
        for (long i = 0; i < reader.Header.RecordCount; i++)
        {
            RedoRecord record = reader.Record(i);
            if (record.LengthBytes < 0)
            {
                Beat(redo);
                FileBytes.Zero(image, record.OffsetBytes, -record.LengthBytes, FileBytes.ZeroMode(reader.Header.KeepsProvisioned));
            }

            for (long done = 0; done < record.LengthBytes;)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, record.LengthBytes - done));
                reader.ReadData(data, part);
                Beat(redo);
                FileBytes.Write(image, record.OffsetBytes + done, part);
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

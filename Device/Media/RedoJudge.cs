using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Whether what a redo file says is still to be done to an image: it is about this file, whole, and nobody but its own server
/// has written the image since.</summary>
internal static class RedoJudge
{
    /// <summary>How much later than the redo file the image may have been written by its own server, where every place that it was
    /// writing holds either what was there or what was to come.</summary>
    public const long MaxLagNanoseconds = 5_000_000_000;

    /// <summary>As <see cref="MaxLagNanoseconds"/>, where of some place nobody knows what was there.</summary>
    public const long MaxBlindLagNanoseconds = 1_000_000_000;

    /// <summary>Judges one. Throws <see cref="DeviceIoException"/>.</summary>
    /// <param name="image">The image.</param>
    /// <param name="redo">The file.</param>
    /// <param name="path">Where that is.</param>
    /// <param name="isNoted">Whether the image says that it has one: then a header has been in it.</param>
    public static (RedoState State, RedoReader? Reader) Judge(SafeFileHandle image, SafeFileHandle redo, string path, bool isNoted)
    {
        byte[] head = new byte[RedoHeader.SizeBytes];
        FileBytes.Read(redo, 0, head);
        ReadOnlySpan<byte> magic = head.AsSpan(0, RedoHeader.Magic.Length);
        long length = RandomAccess.GetLength(redo);
        if (length == 0)
        {
            return (isNoted ? RedoState.Damaged : RedoState.None, null);
        }

        if (length >= magic.Length && magic.SequenceEqual(RedoHeader.Nothing))
        {
            return (RedoState.None, null);
        }

        if (length < magic.Length || !magic[..^2].SequenceEqual(RedoHeader.Magic[..^2]))
        {
            return (RedoState.Foreign, null);
        }

        if (!magic.SequenceEqual(RedoHeader.Magic))
        {
            return magic.SequenceEqual(RedoHeader.EarlierMagic) ? (RedoState.Earlier, null)
                : throw new DeviceIoException($"medium: {path} was left by a killed server of another version; start that one to finish it");
        }

        (RedoHeader header, uint checksum) = RedoHeader.Read(head);
        RedoReader reader = new(redo, header);
        return (reader.IsWhole(checksum) ? Judge(image, redo, reader) : RedoState.Damaged, reader);
    }

    private static RedoState Judge(SafeFileHandle image, SafeFileHandle redo, RedoReader reader)
    {
        ImageIdentity here = ImageIdentity.Find(image);
        RedoHeader header = reader.Header;
        if (header.Image.Boot != here.Boot || ImageIdentity.BootId is null)
        {
            return RedoState.OtherBoot;
        }

        if (!header.Image.IsFile(here) || header.Image.SizeBytes != here.SizeBytes)
        {
            return RedoState.OtherImage;
        }

        if (header.Image.Generation != here.Generation)
        {
            return RedoState.Changed;
        }

        RedoEvidence evidence = RedoEvidence.Gather(image, reader);
        if (evidence.IsForeign)
        {
            return RedoState.Changed;
        }

        if (!evidence.HasNew)
        {
            return RedoState.NotBegun;
        }

        long imageTime = LibC.TryStat(image)?.ModifiedNanoseconds ?? 0;
        long redoTime = LibC.TryStat(redo)?.ModifiedNanoseconds ?? 0;
        long maxLag = evidence.IsBlind ? MaxBlindLagNanoseconds : MaxLagNanoseconds;
        return imageTime < header.ModifiedNanoseconds || imageTime - redoTime > maxLag ? RedoState.Changed : RedoState.Unfinished;
    }
}

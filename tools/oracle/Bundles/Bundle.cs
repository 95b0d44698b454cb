using System.IO.Compression;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Bundles;

/// <summary>A report bundle in memory (docs/bundle-format.md): all that is needed to judge one cut again.</summary>
public sealed class Bundle
{
    private const string OldEntry = "old.extents";
    private const string PayloadEntry = "payload.extents";
    private const string NewEntry = "new.extents";

    private Bundle(BundleManifest manifest, ExtentImage oldPlatter, ExtentImage newPlatter)
    {
        Manifest = manifest;
        OldPlatter = oldPlatter;
        NewPlatter = newPlatter;
    }

    /// <summary>What the report says.</summary>
    public BundleManifest Manifest { get; }

    /// <summary>The touched blocks before the loss was judged; zeroes elsewhere.</summary>
    public IPlatterImage OldPlatter { get; }

    /// <summary>The touched blocks as the cut left them; zeroes elsewhere.</summary>
    public IPlatterImage NewPlatter { get; }

    /// <summary>Reads and judges a whole bundle. Allocates a small multiple of the stream's length at most.</summary>
    /// <param name="stream">Seekable; stays open.</param>
    /// <exception cref="BundleFormatException">It is not a bundle of a version that is known.</exception>
    public static Bundle Read(Stream stream)
    {
        if (!stream.CanSeek)
        {
            throw new ArgumentException("a bundle is read from a stream that can seek", nameof(stream));
        }

        try
        {
            using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            return Read(archive, stream.Length);
        }
        catch (BundleFormatException)
        {
            throw;
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException
            or ArgumentException or OverflowException)
        {
            throw new BundleFormatException("archive", "", $"is not a readable ZIP file: {e.Message}", e);
        }
    }

    private static Bundle Read(ZipArchive archive, long lengthBytes)
    {
        string[] names = [ManifestReader.Entry, OldEntry, PayloadEntry, NewEntry];
        ZipArchiveEntry[] entries = [.. names.Select(name => Find(archive, name))];
        long left = lengthBytes;
        foreach (ZipArchiveEntry entry in entries)
        {
            if (entry.IsEncrypted || entry.Length != entry.CompressedLength || entry.Length < 0)
            {
                throw new BundleFormatException(entry.FullName, "", "is not stored plainly (compressed or encrypted)");
            }

            // Entries that overlap would let a small file claim many times its size.
            left -= entry.Length;
            if (left < 0)
            {
                throw new BundleFormatException(entry.FullName, "", "the entries are longer than the file");
            }
        }

        return Read(entries);
    }

    private static Bundle Read(ZipArchiveEntry[] entries)
    {
        BundleManifest manifest = ReadManifest(entries[0]);
        int block = manifest.Promise.BlockSizeBytes;
        List<Extent> touched = ExtentSet.Union(manifest.Pending.SelectMany(c => c.Live));
        using EntryReader old = new(entries[1]);
        ExtentImage oldPlatter = ExtentReader.ReadImage(old, touched, block);
        using EntryReader payloads = new(entries[2]);
        ExtentReader.ReadPayloads(
            payloads, manifest.Pending.Where(c => c.Kind == StepKind.Write && c.Live.Count > 0), block);
        using EntryReader @new = new(entries[3]);
        ExtentImage newPlatter = ExtentReader.ReadImage(@new, touched, block);
        return new Bundle(manifest, oldPlatter, newPlatter);
    }

    private static BundleManifest ReadManifest(ZipArchiveEntry entry)
    {
        using EntryReader reader = new(entry);
        byte[] json = reader.Read(reader.Remaining);
        reader.Finish();
        return ManifestReader.Read(json);
    }

    private static ZipArchiveEntry Find(ZipArchive archive, string name)
    {
        ZipArchiveEntry? found = null;
        foreach (ZipArchiveEntry entry in archive.Entries.Where(e => e.FullName == name))
        {
            found = found is null ? entry : throw new BundleFormatException(name, "", "appears twice");
        }

        return found ?? throw new BundleFormatException(name, "", "is missing");
    }
}

using System.IO.Compression;
using BlockEmu.Device;
using BlockEmu.Device.Power;

namespace BlockEmu.Server.Admin.Bundles;

/// <summary>Writes a report bundle (docs/bundle-format.md) from a cut's evidence.</summary>
internal static class BundleWriter
{
    public const int Version = 2;

    /// <summary>The version of a bundle whose commands were all accepted under the report's promises: older readers know it.</summary>
    public const int VersionWithoutOwnPromises = 1;

    /// <summary>Writes the whole bundle. Call it where the evidence is valid (<see cref="Disk.WithEvidence{T}"/>).</summary>
    public static void Write(Stream output, string diskName, CutEvidence evidence)
    {
        List<ByteRange> touched = FindTouched(evidence.Commands);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(ExtentWriter.MaxDataBytes);

        // Stored, not deflated: a reader's memory is bounded by the file's size.
        using ZipArchive archive = new(output, ZipArchiveMode.Create, leaveOpen: true);
        using (Stream manifest = Create(archive, "manifest.json"))
        {
            BundleManifest.Write(manifest, diskName, evidence);
        }

        WriteExtents(archive, "old.extents", touched, evidence.ReadOld, evidence.NextPopulatedOld, buffer);
        WritePayload(archive, evidence, buffer);
        WriteExtents(archive, "new.extents", touched, evidence.ReadNew, evidence.NextPopulatedNew, buffer);
    }

    /// <summary>The union of all live ranges, ascending, adjoining ones joined.</summary>
    internal static List<ByteRange> FindTouched(IReadOnlyList<EvidenceCommand> commands)
    {
        List<ByteRange> union = [];
        foreach (ByteRange range in commands.SelectMany(c => c.Live).OrderBy(r => r.OffsetBytes))
        {
            if (union.Count > 0 && range.OffsetBytes <= union[^1].EndBytes)
            {
                ByteRange last = union[^1];
                union[^1] = last with { LengthBytes = Math.Max(last.EndBytes, range.EndBytes) - last.OffsetBytes };
            }
            else
            {
                union.Add(range);
            }
        }

        return union;
    }

    private static Stream Create(ZipArchive archive, string name) =>
        archive.CreateEntry(name, CompressionLevel.NoCompression).Open();

    private static void WriteExtents(
        ZipArchive archive, string name, List<ByteRange> ranges, PlatterReader read, PlatterMap next, byte[] buffer)
    {
        using Stream entry = Create(archive, name);
        ExtentWriter writer = new(entry);
        writer.WriteHeader();
        foreach (ByteRange range in ranges)
        {
            long offset = range.OffsetBytes;
            while (offset < range.EndBytes)
            {
                // A hole is one record, whatever its length.
                ByteRange populated = next(offset) is { } found && found.OffsetBytes < range.EndBytes
                    ? found
                    : new ByteRange(range.EndBytes, 0);
                if (populated.OffsetBytes > offset)
                {
                    writer.WriteZeroes(offset, populated.OffsetBytes - offset);
                }

                offset = Math.Min(populated.EndBytes, range.EndBytes);
                Copy(writer, populated with { LengthBytes = offset - populated.OffsetBytes }, (at, piece) => read(at, piece.Span), buffer);
            }
        }

        writer.WriteEnd();
    }

    private static void WritePayload(ZipArchive archive, CutEvidence evidence, byte[] buffer)
    {
        using Stream entry = Create(archive, "payload.extents");
        ExtentWriter writer = new(entry);
        writer.WriteHeader();
        for (int i = 0; i < evidence.Commands.Count; i++)
        {
            EvidenceCommand command = evidence.Commands[i];
            if (command.Kind != WriteKind.Write || command.Live.Count == 0)
            {
                continue;
            }

            int index = i;
            writer.WriteCommand(command.Sequence);
            foreach (ByteRange range in command.Live)
            {
                Copy(writer, range, (offset, piece) => evidence.ReadPayload(index, offset, piece), buffer);
            }
        }

        writer.WriteEnd();
    }

    private static void Copy(ExtentWriter writer, ByteRange range, Action<long, Memory<byte>> read, byte[] buffer)
    {
        for (long offset = range.OffsetBytes; offset < range.EndBytes; offset += buffer.Length)
        {
            int length = (int)Math.Min(buffer.Length, range.EndBytes - offset);
            read(offset, buffer.AsMemory(0, length));
            writer.WriteData(offset, buffer.AsSpan(0, length));
        }
    }
}

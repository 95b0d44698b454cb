using System.IO.Compression;

namespace BlockEmu.Cli.Tests;

/// <summary>Makes a bundle lie, with all of its checksums right.</summary>
internal static class Tampering
{
    /// <summary>Changes the last data byte of <c>new.extents</c>.</summary>
    public static void ChangeResult(string file)
    {
        const int EndRecordBytes = 24;
        List<(string Name, byte[] Bytes)> entries = [];
        using (ZipArchive archive = ZipFile.OpenRead(file))
        {
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using MemoryStream bytes = new();
                using Stream stream = entry.Open();
                stream.CopyTo(bytes);
                entries.Add((entry.FullName, bytes.ToArray()));
            }
        }

        byte[] result = entries.Single(e => e.Name == "new.extents").Bytes;
        result[result.Length - EndRecordBytes - 1] ^= 0xFF;
        File.Delete(file);
        using ZipArchive changed = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries)
        {
            using Stream stream = changed.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }
}

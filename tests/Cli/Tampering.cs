using System.IO.Compression;
using System.Text;

namespace BlockEmu.Cli.Tests;

/// <summary>Makes a bundle lie, with all of its checksums right.</summary>
internal static class Tampering
{
    /// <summary>Changes the last data byte of <c>new.extents</c>.</summary>
    public static void ChangeResult(string file)
    {
        const int EndRecordBytes = 24;
        Change(file, "new.extents", static bytes => bytes[bytes.Length - EndRecordBytes - 1] ^= 0xFF);
    }

    /// <summary>Gives the disk another name.</summary>
    /// <param name="file">The bundle.</param>
    /// <param name="old">The name that it has, as long as the new one.</param>
    /// <param name="name">The new name, as JSON has it.</param>
    public static void ChangeName(string file, string old, string name) => Change(file, "manifest.json", bytes =>
        Encoding.UTF8.GetBytes(name).CopyTo(bytes, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(old))));

    private static void Change(string file, string changed, Action<byte[]> change)
    {
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

        change(entries.Single(e => e.Name == changed).Bytes);
        File.Delete(file);
        using ZipArchive archiveOfLies = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach ((string name, byte[] bytes) in entries)
        {
            using Stream stream = archiveOfLies.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(bytes);
        }
    }
}

using System.Text.Json;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting;

/// <summary>The file that says that the server serves, and where (<c>--ready-file</c>): it is there from that moment until the orderly
/// end, whole or not at all.</summary>
internal sealed class ReadyFile : IDisposable
{
    public const int Version = 1;

    private readonly string _path;

    private ReadyFile(string path) => _path = path;

    /// <summary>Takes away what an earlier server has left, if it is a file. Throws <see cref="StartupException"/>.</summary>
    public static ReadyFile? Prepare(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            if (path.Length == 0 || Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            {
                throw new StartupException($"--ready-file: '{path}' is a folder, or lies in one that does not exist");
            }

            DeleteFile(path);
            return new ReadyFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"--ready-file: '{path}' cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The server serves. Throws <see cref="StartupException"/>.</summary>
    public async Task WriteAsync(ServerHost host)
    {
        try
        {
            await OutputFile.WriteAsync(_path, async stream => await stream.WriteAsync(Describe(host)));
        }
        catch (OutputException e)
        {
            throw new StartupException($"--ready-file: {e.Message}", e);
        }
    }

    public void Dispose() => DeleteFile(_path);

    /// <summary>A pipe or a device is whoever's who made it; a link stays, and what it leads to goes.</summary>
    private static void DeleteFile(string path)
    {
        if (path != OutputFile.StandardOutput && FileKind.Of(path) is { IsRegular: true })
        {
            File.Delete(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
        }
    }

    private static byte[] Describe(ServerHost host)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteNumber("pid", Environment.ProcessId);
            WriteEndpoints(json, "nbd", host.NbdEndpoints);
            WriteEndpoints(json, "nvme", host.NvmeEndpoints);
            if (host.AdminEndpoint is { } admin)
            {
                json.WriteString("admin", admin.Text);
            }

            json.WriteStartArray("disks");
            foreach (DiskControl control in host.Disks.All)
            {
                json.WriteStartObject();
                json.WriteString("name", control.Disk.Name);
                json.WriteNumber("size", control.Disk.SizeBytes);
                json.WriteNumber("block", control.Disk.Options.BlockSizeBytes);
                json.WriteNumber("seed", control.Disk.Options.Seed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static void WriteEndpoints(Utf8JsonWriter json, string name, IEnumerable<ListenEndpoint> endpoints)
    {
        json.WriteStartArray(name);
        foreach (ListenEndpoint endpoint in endpoints)
        {
            json.WriteStringValue(endpoint.Text);
        }

        json.WriteEndArray();
    }
}

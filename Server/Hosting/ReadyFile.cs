using System.Text.Json;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Hosting;

/// <summary>The file that says that the server serves, and where (<c>--ready-file</c>): it is there from that moment until the orderly
/// end, whole or not at all.</summary>
internal sealed class ReadyFile : IDisposable
{
    public const int Version = 1;

    private readonly string _path;

    private ReadyFile(string path) => _path = path;

    /// <summary>Takes away what an earlier server has left. Throws <see cref="StartupException"/>.</summary>
    public static ReadyFile? Prepare(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            if (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
            {
                throw new StartupException($"--ready-file: '{path}' is a folder, or lies in one that does not exist");
            }

            File.Delete(path);
            return new ReadyFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"--ready-file: '{path}' cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The server serves. Throws <see cref="StartupException"/>.</summary>
    public void Write(ServerHost host)
    {
        string whole = $"{_path}.{Environment.ProcessId}";
        try
        {
            File.WriteAllBytes(whole, Describe(host));
            File.Move(whole, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--ready-file: '{_path}' cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public void Dispose() => File.Delete(_path);

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

using System.Text.Json;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>The configuration file: the options as JSON, with a version. Every fault is reported at once with its path.</summary>
internal static class ConfigFile
{
    public const int Version = 1;

    private const long MaxFileBytes = 1 << 20;

    public static ServerDraft Read(string path)
    {
        ReadOnlyMemory<byte> bytes = JsonUnicode.WithoutMark(ReadBytes(path));
        JsonReaderOptions grammar = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
        if (JsonUnicode.FindFault(bytes.Span, grammar) is var (place, detail))
        {
            throw new StartupException($"--config {path}: ${place}: {detail}");
        }

        try
        {
            // Duplicate properties are refused: which of the two was meant cannot be known.
            using JsonDocument document = JsonDocument.Parse(
                bytes,
                new JsonDocumentOptions { AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            List<Fault> faults = [];
            ServerDraft draft = Read(document.RootElement, faults);
            return faults.Count == 0 ? draft : throw new StartupException([.. faults.Select(f => $"--config {path}: {f}")]);
        }
        catch (JsonException e)
        {
            throw new StartupException($"--config {path}: not JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length > MaxFileBytes
                ? throw new StartupException($"--config: {path} is larger than {MaxFileBytes} bytes")
                : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"--config: cannot read '{path}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static ServerDraft Read(JsonElement root, List<Fault> faults)
    {
        ServerDraft draft = new();
        if (root.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault("$", "must be an object"));
            return draft;
        }

        if (!root.TryGetProperty("version", out JsonElement version) || version.ValueKind != JsonValueKind.Number
            || !version.TryGetInt32(out int number) || number != Version)
        {
            faults.Add(new Fault("$.version", $"must be {Version}"));
        }

        foreach (JsonProperty property in root.EnumerateObject())
        {
            ReadProperty(draft, property, faults);
        }

        return draft;
    }

    private static void ReadProperty(ServerDraft draft, JsonProperty property, List<Fault> faults)
    {
        string path = $"$.{property.Name}";
        switch (property.Name)
        {
            case "version": break;
            case "disks": draft.Disks = ReadDisks(property.Value, path, faults); break;
            case "nbd": draft.Nbd = ReadTexts(property.Value, path, faults); break;
            case "nvme": draft.Nvme = ReadTexts(property.Value, path, faults); break;
            case "maxConnections": draft.Limits.MaxConnections = ReadNumber(property.Value, path, faults); break;
            case "maxBufferMemory": draft.Limits.MaxBufferMemory = ReadNumber(property.Value, path, faults); break;
            case "admin": draft.Admin = ReadText(property.Value, path, faults); break;
            case "adminHosts": draft.AdminHosts = ReadTexts(property.Value, path, faults); break;
            case "adminTokenFile": draft.AdminTokenFile = ReadText(property.Value, path, faults); break;
            case "mediaRoots": draft.MediaRoots = ReadTexts(property.Value, path, faults); break;
            case "tls": draft.Tls.Mode = ReadText(property.Value, path, faults); break;
            case "tlsCert": draft.Tls.CertificatePath = ReadText(property.Value, path, faults); break;
            case "tlsKey": draft.Tls.KeyPath = ReadText(property.Value, path, faults); break;
            case "tlsCa": draft.Tls.ClientRootsPath = ReadText(property.Value, path, faults); break;
            case "insecureAdmin":
                draft.InsecureAdmin = property.Value.ValueKind == JsonValueKind.True;
                if (property.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                {
                    faults.Add(new Fault(path, "must be true or false"));
                }

                break;
            default:
                faults.Add(new Fault(
                    path,
                    "unknown; there are version, disks, nbd, nvme, maxConnections, maxBufferMemory, admin, adminHosts, adminTokenFile, "
                    + "insecureAdmin, mediaRoots, tls, tlsCert, tlsKey, tlsCa"));
                break;
        }
    }

    private static List<DiskSpec>? ReadDisks(JsonElement value, string path, List<Fault> faults)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(new Fault(path, "must be an array of disks"));
            return null;
        }

        List<DiskSpec> disks = [];
        int index = 0;
        foreach (JsonElement element in value.EnumerateArray())
        {
            if (DiskSpecJson.Read(element, $"disk{index}", out IReadOnlyList<Fault> diskFaults) is { } disk)
            {
                disks.Add(disk);
            }

            faults.AddRange(diskFaults.Select(f => new Fault(f.Field.Length == 0 ? $"{path}[{index}]" : $"{path}[{index}].{f.Field}", f.Detail)));
            index++;
        }

        return disks;
    }

    private static string[]? ReadTexts(JsonElement value, string path, List<Fault> faults)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return [value.GetString()!];
        }

        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String))
        {
            return [.. value.EnumerateArray().Select(e => e.GetString()!)];
        }

        faults.Add(new Fault(path, "must be a string or an array of strings"));
        return null;
    }

    /// <summary>A JSON number, or text such as 64M; judged later.</summary>
    private static string? ReadNumber(JsonElement value, string path, List<Fault> faults)
    {
        if (value.ValueKind is JsonValueKind.Number or JsonValueKind.String)
        {
            return value.ToString();
        }

        faults.Add(new Fault(path, "must be a number or a string"));
        return null;
    }

    private static string? ReadText(JsonElement value, string path, List<Fault> faults)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add(new Fault(path, "must be a string"));
            return null;
        }

        return value.GetString();
    }
}

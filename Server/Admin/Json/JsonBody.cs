using System.Globalization;
using System.Text.Json;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Shell;

namespace BlockEmu.Server.Admin.Json;

/// <summary>A request's JSON object, read strictly: each field is asked for once, what nobody asked for is a fault, and
/// all faults are told together.</summary>
internal sealed class JsonBody : IDisposable
{
    /// <summary>Bodies are small; the longest is a list of atoms.</summary>
    public const int MaxBytes = 4 << 20;

    private readonly JsonDocument? _document;
    private readonly List<Fault> _faults = [];
    private readonly List<string> _known = [];

    private JsonBody(JsonDocument? document) => _document = document;

    public JsonElement? Root => _document?.RootElement;

    /// <summary>Reads the body; an absent one is an empty object when that is allowed.</summary>
    public static async Task<JsonBody> ReadAsync(HttpRequest request, bool mayBeAbsent)
    {
        using MemoryStream bytes = new();
        byte[] buffer = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
        {
            if (bytes.Length + read > MaxBytes)
            {
                throw ApiException.Create(StatusCodes.Status413PayloadTooLarge, $"a JSON body may have {MaxBytes} bytes");
            }

            await bytes.WriteAsync(buffer.AsMemory(0, read));
        }

        if (bytes.Length == 0)
        {
            return mayBeAbsent ? new JsonBody(null) : throw ApiException.Create(StatusCodes.Status400BadRequest, "a JSON body is needed");
        }

        return new JsonBody(Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length)));
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        bytes = JsonUnicode.WithoutMark(bytes);
        if (JsonUnicode.FindFault(bytes.Span) is var (path, detail))
        {
            throw path.Length == 0
                ? ApiException.Create(StatusCodes.Status400BadRequest, $"the body: {detail}")
                : ApiException.BadFields([new Fault(path.TrimStart('.'), detail)]);
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
        }
        catch (JsonException e)
        {
            throw ApiException.Create(StatusCodes.Status400BadRequest, $"the body is not JSON: {e.Message}");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw ApiException.Create(StatusCodes.Status400BadRequest, "the body must be a JSON object");
    }

    /// <summary>A seed: a number, or a string for readers whose numbers are too short.</summary>
    public ulong? Seed(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number) ? number
        : value.ValueKind == JsonValueKind.String
            && ulong.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong text) ? text
        : Refuse<ulong>(name, $"must be a whole number from 0 to {ulong.MaxValue}, or the same as a string");

    public LossModel? Loss(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (LossModel.TryParse(text, out LossModel model, out string fault))
        {
            return model;
        }

        _faults.Add(new Fault(name, fault));
        return null;
    }

    public OffBehaviour? Clients(string name) => Text(name) is not { } text ? null
        : ApiWords.TryParse(text, out OffBehaviour behaviour) ? behaviour
        : Refuse<OffBehaviour>(name, $"'{text}' is none of reset, hang, error, reconnect");

    /// <summary>One of a few words.</summary>
    public string? Choice(string name, params string[] words)
    {
        string? text = Text(name);
        if (text is not null && !words.Contains(text))
        {
            _faults.Add(new Fault(name, $"'{text}' is not {string.Join(" or ", words)}"));
        }

        return text;
    }

    public int? Integer(string name, int minimum, int maximum) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= minimum && number <= maximum ? number
        : Refuse<int>(name, $"must be a whole number from {minimum} to {maximum}");

    /// <summary>The keys of a disk that can change; those that cannot are faults.</summary>
    public DiskChange Change()
    {
        DiskChange change = new();
        foreach (DiskKey key in DiskKeys.All)
        {
            if (!key.CanChange)
            {
                Require(Root?.TryGetProperty(key.Name, out _) != true, key.Name, $"cannot change while the disk is served; {DiskChange.AllNames} can");
            }
            else if (Get(key.Name) is { } value)
            {
                if (DiskSpecJson.ToText(value, key.Form) is { } text)
                {
                    change.Add(key, text);
                }
                else
                {
                    _faults.Add(new Fault(key.Name, $"must be {DiskSpecJson.Describe(key.Form)}"));
                }
            }
        }

        return change;
    }

    public string? Text(string name)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }

        _faults.Add(new Fault(name, "must be a string"));
        return null;
    }

    /// <summary>A demand on a field beyond its type; told only where its type is right.</summary>
    public void Require(bool holds, string field, string detail)
    {
        if (!holds && !_faults.Exists(f => f.Field == field))
        {
            _faults.Add(new Fault(field, detail));
        }
    }

    /// <summary>Faults found elsewhere, to be told with the others.</summary>
    public void AddFaults(IEnumerable<Fault> faults) => _faults.AddRange(faults);

    /// <summary>To be called when every field was asked for.</summary>
    public void ThrowIfFaulty()
    {
        foreach (JsonProperty property in Root?.EnumerateObject() ?? default)
        {
            if (!_known.Contains(property.Name) && !_faults.Exists(f => f.Field == property.Name))
            {
                string there = _known.Count == 0 ? "this request takes no fields" : $"there are {string.Join(", ", _known)}";
                _faults.Add(new Fault(property.Name, $"unknown; {there}"));
            }
        }

        if (_faults.Count > 0)
        {
            throw ApiException.BadFields(_faults);
        }
    }

    private JsonElement? Get(string name)
    {
        _known.Add(name);
        return Root is { } root && root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
    }

    private T? Refuse<T>(string name, string detail)
        where T : struct
    {
        _faults.Add(new Fault(name, detail));
        return null;
    }

    public void Dispose() => _document?.Dispose();
}

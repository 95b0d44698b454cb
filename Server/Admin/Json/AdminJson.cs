using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BlockEmu.Server.Admin.Disks;
using BlockEmu.Server.Admin.Map;
using BlockEmu.Server.Admin.Power;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Admin.Reports;

namespace BlockEmu.Server.Admin.Json;

/// <summary>Every JSON shape of the HTTP interface.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(HealthInfo))]
[JsonSerializable(typeof(DiskInfo))]
[JsonSerializable(typeof(DiskListInfo))]
[JsonSerializable(typeof(DiskCreateRequest))]
[JsonSerializable(typeof(DiskChangeRequest))]
[JsonSerializable(typeof(MapInfo))]
[JsonSerializable(typeof(PowerInfo))]
[JsonSerializable(typeof(CutRequest))]
[JsonSerializable(typeof(RecutRequest))]
[JsonSerializable(typeof(CycleRequest))]
[JsonSerializable(typeof(PowerOnRequest))]
[JsonSerializable(typeof(ShutdownRequest))]
[JsonSerializable(typeof(MarkRequest))]
[JsonSerializable(typeof(MarkInfo))]
[JsonSerializable(typeof(MarkListInfo))]
[JsonSerializable(typeof(ReportInfo))]
[JsonSerializable(typeof(ReportSummaryInfo))]
[JsonSerializable(typeof(ReportListInfo))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    /// <summary>The one in use: quotes and names stay readable. Safe where nothing is embedded in HTML, and
    /// <c>nosniff</c> says so.</summary>
    public static AdminJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}

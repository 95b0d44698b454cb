using BlockEmu.Device.Geometry;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Destage policies as people write them: <c>oldest</c>, <c>random</c>, <c>idle</c>, <c>never</c>, <c>rate:10M</c>.</summary>
internal static class DestageText
{
    private const string RatePrefix = "rate:";

    /// <summary>Reads the text form; <paramref name="fault"/> says what would be right.</summary>
    public static bool TryParse(string text, out DestagePolicy policy, out string fault)
    {
        DestagePolicy? read = text switch
        {
            "oldest" => DestagePolicy.Oldest,
            "random" => DestagePolicy.Random,
            "idle" => DestagePolicy.Idle,
            "never" => DestagePolicy.Never,
            _ => text.StartsWith(RatePrefix, StringComparison.Ordinal)
                && ByteSize.TryParse(text[RatePrefix.Length..], out long bytes) && bytes > 0 ? DestagePolicy.AtRate(bytes) : null,
        };
        policy = read ?? DestagePolicy.Oldest;
        fault = read is null ? $"'{text}' is none of oldest, random, idle, never, rate:BYTES (a second; for example rate:10M)" : "";
        return read is not null;
    }

    /// <summary>The text that <see cref="TryParse"/> reads back.</summary>
    public static string Of(DestagePolicy policy) => policy.Kind switch
    {
        DestagePolicyKind.Random => "random",
        DestagePolicyKind.Idle => "idle",
        DestagePolicyKind.Never => "never",
        DestagePolicyKind.Rate => $"{RatePrefix}{ByteSize.Format(policy.BytesPerSecond)}",
        _ => "oldest",
    };
}

namespace BlockEmu.Server.Metrics;

/// <summary><c>GET /metrics</c>.</summary>
internal static class MetricsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, BlockEmuMetrics metrics) => routes
        .MapGet("/metrics", () =>
        {
            ExpositionText text = new();
            metrics.Exposition.Write(text);
            DurationExposition.Write(text, metrics.Disks);
            return Results.Text(text.ToString(), ExpositionText.ContentType);
        })
        .WithTags("metrics").WithSummary("Prometheus exposition").Produces<string>(contentType: "text/plain");
}

using BlockEmu.Server.Admin.Json;

namespace BlockEmu.Server.Admin;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it serves, and is not on its way out.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminState state)
    {
        routes.MapGet("/healthz", static () => Results.Json(new HealthInfo("ok"), AdminJson.Readable.HealthInfo))
            .WithSummary("Whether the process answers").Produces<HealthInfo>();
        routes.MapGet("/readyz", () => Results.Json(
                new HealthInfo(state.Phase switch { AdminPhase.Serving => "ok", AdminPhase.Starting => "starting", _ => "stopping" }),
                AdminJson.Readable.HealthInfo,
                statusCode: state.Phase == AdminPhase.Serving ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable))
            .WithSummary("Whether the server serves").Produces<HealthInfo>().Produces<HealthInfo>(StatusCodes.Status503ServiceUnavailable);
    }
}

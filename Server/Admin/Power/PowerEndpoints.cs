using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Json;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Admin.Reports;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Power;

/// <summary><c>/api/v1/disks/{disk}/power</c>: the plug.</summary>
internal static class PowerEndpoints
{
    /// <summary>The longest pause of a cycle, milliseconds.</summary>
    public const int MaxOffMs = 600_000;

    public static void Map(IEndpointRouteBuilder routes, AdminState state)
    {
        RouteGroupBuilder group = routes.MapGroup("/api/v1/disks/{disk}/power").WithTags("power");
        group.MapGet("", (string disk) => Results.Json(PowerInfo.From(state.Find(disk)), AdminJson.Readable.PowerInfo))
            .WithSummary("The disk's power state").Produces<PowerInfo>().WithProblems(404);
        group.MapPost("/cut", (string disk, HttpContext context) => CutAsync(state.Find(disk), context))
            .WithSummary("Cut the power; the answer comes when the disk is off").Accepts<CutRequest>(isOptional: true, "application/json")
            .Produces<ReportInfo>().WithProblems(400, 404, 409, 415, 500);
        group.MapPost("/recut", (string disk, HttpContext context) => RecutAsync(state.Find(disk), context))
            .WithSummary("While off: judge the same cut again").Accepts<RecutRequest>(isOptional: true, "application/json")
            .Produces<ReportInfo>().WithProblems(400, 404, 409, 415, 500);
        group.MapPost("/cycle", (string disk, HttpContext context) => CycleAsync(state.Find(disk), context, state))
            .WithSummary("Cut, wait, on").Accepts<CycleRequest>(isOptional: true, "application/json")
            .Produces<ReportInfo>().WithProblems(400, 404, 409, 415, 500);
        group.MapPost("/on", (string disk, HttpContext context) => TurnOnAsync(state.Find(disk), context))
            .WithSummary("Return the power").Accepts<PowerOnRequest>(isOptional: true, "application/json")
            .Produces<PowerInfo>().WithProblems(400, 404, 409, 415);
        group.MapPost("/shutdown", (string disk, HttpContext context) => ShutDownAsync(state.Find(disk), context))
            .WithSummary("Flush, then off").Accepts<ShutdownRequest>(isOptional: true, "application/json")
            .Produces<PowerInfo>().WithProblems(400, 404, 409, 415, 500);
    }

    private static async Task<IResult> CutAsync(DiskControl control, HttpContext context)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: true);
        ulong? seed = body.Seed("seed");
        LossModel? loss = body.Loss("loss");
        OffBehaviour? clients = body.Clients("clients");
        body.ThrowIfFaulty();
        return Answer(control, await control.CutAsync(seed, loss, clients));
    }

    private static async Task<IResult> RecutAsync(DiskControl control, HttpContext context)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: true);
        ulong? seed = body.Seed("seed");
        LossModel? loss = body.Loss("loss");
        body.ThrowIfFaulty();
        return Answer(control, await control.RecutAsync(seed, loss));
    }

    private static async Task<IResult> CycleAsync(DiskControl control, HttpContext context, AdminState state)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: true);
        ulong? seed = body.Seed("seed");
        LossModel? loss = body.Loss("loss");
        OffBehaviour? clients = body.Clients("clients");
        int offMs = body.Integer("offMs", 0, MaxOffMs) ?? 0;
        body.ThrowIfFaulty();
        CutReport report = await control.CutAsync(seed, loss, clients);

        // A client that leaves does not keep the power off; a server that stops does.
        await control.WaitAsync(ended => Task.Delay(TimeSpan.FromMilliseconds(offMs), state.Time, ended), state.Stopping);
        try
        {
            await control.PowerOnAsync();
        }
        catch (PowerMoveException) when (control.Disk.PowerState == PowerState.On)
        {
            // Somebody else was quicker; the cycle's end is reached.
        }

        return Answer(control, report);
    }

    private static async Task<IResult> TurnOnAsync(DiskControl control, HttpContext context)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: true);
        bool acceptsLoss = body.Choice("accept", "lose-all") is not null;
        body.ThrowIfFaulty();
        await control.PowerOnAsync(acceptsLoss);
        return Results.Json(PowerInfo.From(control), AdminJson.Readable.PowerInfo);
    }

    private static async Task<IResult> ShutDownAsync(DiskControl control, HttpContext context)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: true);
        OffBehaviour? clients = body.Clients("clients");
        body.ThrowIfFaulty();
        DiskStatus status = await control.ShutdownAsync(clients);
        return status == DiskStatus.Ok
            ? Results.Json(PowerInfo.From(control), AdminJson.Readable.PowerInfo)
            : throw ApiException.Create(
                StatusCodes.Status500InternalServerError,
                $"the flush failed ({(status == DiskStatus.MediumFull ? "no room left" : "the medium's error")}); the disk stays on",
                state: ApiWords.Of(control.Disk.PowerState));
    }

    private static IResult Answer(DiskControl control, CutReport report) =>
        Results.Json(new ReportInfo(control, report, ReportPage.First), AdminJson.Readable.ReportInfo);
}

using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Admin.Json;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Admin.Disks;

/// <summary><c>/api/v1/disks</c>.</summary>
internal static class DiskEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminState state)
    {
        RouteGroupBuilder group = routes.MapGroup("/api/v1/disks").WithTags("disks");
        group.MapGet("", () => Results.Json(
                new DiskListInfo([.. state.Disks.All.Select(DiskInfo.From)]), AdminJson.Readable.DiskListInfo))
            .WithSummary("All disks; the first is the default export").Produces<DiskListInfo>();
        group.MapGet("/{disk}", (string disk) => Results.Json(DiskInfo.From(state.Find(disk)), AdminJson.Readable.DiskInfo))
            .WithSummary("One disk").Produces<DiskInfo>().WithProblems(404);
        group.MapPost("", Task<IResult> (HttpContext context) => CreateAsync(context, state))
            .WithSummary("Make a disk").Accepts<DiskCreateRequest>("application/json")
            .Produces<DiskInfo>(StatusCodes.Status201Created).WithProblems(400, 403, 409, 415);
        group.MapPatch("/{disk}", (string disk, HttpContext context) => ChangeAsync(disk, context, state))
            .WithSummary("Change what can change while the disk is served: all that is asked for, or nothing")
            .Accepts<DiskChangeRequest>("application/json").Produces<DiskInfo>().WithProblems(400, 404, 409, 415);
        group.MapDelete("/{disk}", (string disk, bool? force) => DeleteAsync(disk, force ?? false, state))
            .WithSummary("Flush a disk and take it out of service; its image file stays")
            .Produces(StatusCodes.Status204NoContent).WithProblems(404, 409, 500);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, AdminState state)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: false);
        if (DiskSpecJson.Read(body.Root!.Value, defaultName: null, out IReadOnlyList<Fault> faults) is not { } spec)
        {
            throw ApiException.BadFields(faults);
        }

        DiskControl? control;
        spec = Confine(spec, state.Disks.MediaRoots);
        try
        {
            control = state.Disks.TryOpen(spec);
        }
        catch (Exception e) when (e is ArgumentException or DeviceIoException)
        {
            throw ApiException.BadFields([Fault.FromDevice(e.Message)]);
        }

        if (control is null)
        {
            throw ApiException.Create(StatusCodes.Status409Conflict, $"there is a disk '{spec.Options.Name}' already", "name");
        }

        context.Response.Headers.Location = $"/api/v1/disks/{Uri.EscapeDataString(control.Disk.Name)}";
        return Results.Json(DiskInfo.From(control), AdminJson.Readable.DiskInfo, statusCode: StatusCodes.Status201Created);
    }

    private static DiskSpec Confine(DiskSpec spec, MediaRoots roots) => spec.Options.FilePath is not { } path
        ? spec
        : spec with
        {
            Options = spec.Options with
            {
                FilePath = roots.Find(path, out string fault) ?? throw ApiException.Create(StatusCodes.Status403Forbidden, $"medium: {fault}", "medium"),
            },
        };

    private static async Task<IResult> ChangeAsync(string disk, HttpContext context, AdminState state)
    {
        DiskControl control = state.Find(disk);
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: false);
        OffBehaviour? behaviour = body.Clients("offBehaviour");
        DiskChange change = body.Change();
        body.AddFaults(change.Apply(control.Disk.Options).Faults);
        body.ThrowIfFaulty();
        await control.ChangeAsync(Judge, behaviour);
        return Results.Json(DiskInfo.From(control), AdminJson.Readable.DiskInfo);

        // Again, where no other change is beside it: what it goes well with may have changed meanwhile.
        DiskOptions Judge(DiskOptions now) => change.Apply(now) is var (options, faults) && faults.Count == 0
            ? options
            : throw ApiException.BadFields(faults);
    }

    private static async Task<IResult> DeleteAsync(string disk, bool force, AdminState state)
    {
        DiskControl control = state.Find(disk);
        int connections = control.Served.Meter.ConnectionCount;
        if (connections > 0 && !force)
        {
            string who = OpenConnectionInfo.From(control) is [var oldest, ..] ? $" (the oldest: {oldest.Describe()})" : "";
            throw ApiException.Create(
                StatusCodes.Status409Conflict,
                $"{connections} connection(s) have '{disk}' open{who}; ?force=true resets them", state: ApiWords.Of(control.Disk.PowerState));
        }

        return await state.Disks.CloseAsync(control, acceptLoss: force)
            ? Results.NoContent()
            : throw ApiException.Create(
                StatusCodes.Status500InternalServerError,
                control.Disk.Failure is { } why
                    ? $"the flush failed: {why}; ?force=true gives up what is cached"
                    : "the flush failed; the disk stays in service",
                state: ApiWords.Of(control.Disk.PowerState));
    }
}

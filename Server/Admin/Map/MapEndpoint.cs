using BlockEmu.Device;
using BlockEmu.Server.Admin.Json;
using BlockEmu.Server.Admin.Problems;

namespace BlockEmu.Server.Admin.Map;

/// <summary><c>/api/v1/disks/{disk}/map</c>.</summary>
internal static class MapEndpoint
{
    public const int MaxLimit = 10_000;

    private const int DefaultLimit = 1000;

    public static void Map(IEndpointRouteBuilder routes, AdminState state) =>
        routes.MapGet("/api/v1/disks/{disk}/map", (string disk, HttpContext context) => Get(state.Find(disk).Disk, context.Request.Query))
            .WithTags("disks")
            .WithSummary("What a power cut now could take: extents by state; ?offset=, ?length= and ?limit= choose them")
            .Produces<MapInfo>().WithProblems(400, 404, 409, 500);

    private static IResult Get(Disk disk, IQueryCollection query)
    {
        long offset = QueryNumber.Read(query, "offset", 0, 0, disk.SizeBytes - 1);
        long length = QueryNumber.Read(query, "length", disk.SizeBytes - offset, 1, disk.SizeBytes - offset);
        int limit = (int)QueryNumber.Read(query, "limit", DefaultLimit, 1, MaxLimit);
        List<DiskExtent> extents = [];
        DiskStatus status = disk.Map(disk.PowerEpoch, offset, length, limit, extents);
        if (status != DiskStatus.Ok)
        {
            throw status == DiskStatus.PowerLost
                ? ApiException.Create(
                    StatusCodes.Status409Conflict, $"disk {disk.Name} is off: all there is is its platter", state: ApiWords.Of(disk.PowerState))
                : ApiException.Create(StatusCodes.Status500InternalServerError, disk.Failure ?? "the medium does not say where it holds data");
        }

        long end = extents[^1].EndBytes;
        return Results.Json(
            new MapInfo
            {
                Disk = disk.Name,
                OffsetBytes = offset,
                NextOffsetBytes = end < offset + length ? end : null,
                Extents = [.. extents.Select(MapExtentInfo.From)],
            },
            AdminJson.Readable.MapInfo);
    }
}

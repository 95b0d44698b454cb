namespace BlockEmu.Server.Admin.Platter;

/// <summary><c>/api/v1/disks/{disk}/platter</c>: the persistent bytes while the power is off.</summary>
internal static class PlatterEndpoints
{
    public const string Octets = "application/octet-stream";
    public const string Extents = "application/vnd.blockemu.extents";

    public static void Map(IEndpointRouteBuilder routes, AdminState state)
    {
        RouteGroupBuilder group = routes.MapGroup("/api/v1/disks/{disk}/platter").WithTags("platter");
        group.MapGet("", (string disk, HttpContext context) => new PlatterDownload(state.Find(disk), context).RunAsync())
            .WithSummary($"The platter while off: raw, or its populated extents alone with Accept: {Extents}")
            .Produces(200, contentType: Octets, additionalContentTypes: Extents).Produces(206, contentType: Octets).WithProblems(404, 409, 416);
        group.MapPut("", (string disk, HttpContext context) => new PlatterUpload(state.Find(disk), context).RunAsync())
            .WithSummary("Replace the platter's bytes while off: all of them, or those from ?offset= on")
            .Accepts<Stream>(Octets).Produces(StatusCodes.Status204NoContent).WithProblems(400, 404, 409, 415);
    }
}

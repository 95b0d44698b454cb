using System.Globalization;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Bundles;
using BlockEmu.Server.Admin.Json;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Reports;

/// <summary><c>/api/v1/disks/{disk}/reports</c> and <c>/marks</c>.</summary>
internal static class ReportEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminState state)
    {
        RouteGroupBuilder group = routes.MapGroup("/api/v1/disks/{disk}").WithTags("reports");
        group.MapGet("/reports", (string disk) => List(state.Find(disk)))
            .WithSummary("The newest reports, oldest first").Produces<ReportListInfo>().WithProblems(404);
        group.MapGet("/reports/{number}", (string disk, string number, HttpContext context) =>
                Get(state.Find(disk), number, ReportPage.From(context.Request.Query)))
            .WithSummary("One report, by number or 'latest'; ?offset= and ?limit= page through its pending commands")
            .Produces<ReportInfo>().WithProblems(400, 404);
        group.MapGet("/reports/{number}/bundle", (string disk, string number, HttpContext context) =>
                SendBundleAsync(state.Find(disk), number, context))
            .WithSummary("All that is needed to judge the cut again, offline").Produces(200, contentType: "application/zip").WithProblems(404, 410);
        group.MapGet("/marks", (string disk) => Results.Json(
                new MarkListInfo([.. state.Find(disk).Marks.Select(MarkInfo.From)]), AdminJson.Readable.MarkListInfo))
            .WithSummary("The newest marks, oldest first").Produces<MarkListInfo>().WithProblems(404);
        group.MapPost("/marks", (string disk, HttpContext context) => MarkAsync(state.Find(disk), context))
            .WithSummary("Set a mark in the event log").Accepts<MarkRequest>("application/json")
            .Produces<MarkInfo>(StatusCodes.Status201Created).WithProblems(400, 404, 409, 415);
    }

    private static IResult List(DiskControl control) => Results.Json(
        new ReportListInfo([.. control.Disk.Reports.Select(r => new ReportSummaryInfo(control, r))]),
        AdminJson.Readable.ReportListInfo);

    private static IResult Get(DiskControl control, string number, ReportPage page) =>
        Results.Json(new ReportInfo(control, Find(control, number), page), AdminJson.Readable.ReportInfo);

    private static CutReport Find(DiskControl control, string number)
    {
        IReadOnlyList<CutReport> reports = control.Disk.Reports;
        CutReport? report = number == "latest" ? reports.Count == 0 ? null : reports[^1]
            : int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int wanted)
                ? reports.FirstOrDefault(r => r.Number == wanted)
                : null;
        return report ?? throw ApiException.Create(
            StatusCodes.Status404NotFound,
            reports.Count == 0
                ? $"'{control.Disk.Name}' has no report: its power was not cut"
                : $"'{control.Disk.Name}' has no report '{number}'; it has {reports[0].Number} to {reports[^1].Number}, and 'latest'",
            "number");
    }

    private static async Task SendBundleAsync(DiskControl control, string number, HttpContext context)
    {
        CutReport report = Find(control, number);
        string gone = "";
        using KeptBundle bundle = await control.MoveAsync(() => control.Bundles.Open(report.Number, out gone))
            ?? throw ApiException.Create(StatusCodes.Status410Gone, gone);
        context.Response.ContentType = "application/zip";
        context.Response.ContentLength = bundle.LengthBytes;
        context.Response.Headers.ContentDisposition =
            $"attachment; filename=\"report-{report.Number}.bundle\"";
        await bundle.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task<IResult> MarkAsync(DiskControl control, HttpContext context)
    {
        using JsonBody body = await JsonBody.ReadAsync(context.Request, mayBeAbsent: false);
        string? text = body.Text("text");
        body.Require(text is { Length: > 0 and <= Disk.MaxMarkChars }, "text", $"must be a string of 1 to {Disk.MaxMarkChars} characters");

        body.ThrowIfFaulty();
        return Results.Json(
            MarkInfo.From(control.Mark(text!)), AdminJson.Readable.MarkInfo, statusCode: StatusCodes.Status201Created);
    }
}

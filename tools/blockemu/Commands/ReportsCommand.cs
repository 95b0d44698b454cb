using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu reports [DISK] [N] [--bundle FILE]</c>.</summary>
internal sealed class ReportsCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string?> _disk = new("DISK")
    {
        Description = "The disk's name; without it, every disk's reports.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> _number = new("N")
    {
        Description = "The report's number, or latest.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _bundle = new("--bundle")
    {
        Description = "Save the report's bundle, for blockemu check; - is standard output.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _offset = new("--offset") { Description = "Skip so many pending commands.", HelpName = "N" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Show at most so many (20).", HelpName = "N" };

    private ReportsCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        ReportsCommand reports = new(context);
        Command command = new("reports", "What the power cuts did.")
        {
            reports._disk, reports._number, reports._bundle, reports._offset, reports._limit,
        };
        command.SetAction((result, _) => reports.RunAsync(result));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result)
    {
        string? disk = result.GetValue(_disk);
        string? number = result.GetValue(_number);
        string? bundle = result.GetValue(_bundle);
        if (number is null && bundle is not null)
        {
            throw new CliException(ExitCodes.Usage, "--bundle: needs a disk and a report: blockemu reports DISK N --bundle FILE");
        }

        using AdminClient client = _context.Shared.Connect(result);
        if (bundle is not null)
        {
            await SaveAsync(client, $"{CommandContext.PathOf(disk!)}/reports/{Uri.EscapeDataString(number!)}/bundle", bundle);
        }
        else if (number is not null)
        {
            await ShowAsync(client, result, disk!, number);
        }
        else
        {
            await ListAsync(client, result, disk);
        }

        return ExitCodes.Fine;
    }

    private async Task ShowAsync(AdminClient client, ParseResult result, string disk, string number)
    {
        const int Page = 20;
        int limit = result.GetValue(_limit) ?? Page;
        JsonElement answer = await client.GetAsync(
            $"{CommandContext.PathOf(disk)}/reports/{Uri.EscapeDataString(number)}?offset={result.GetValue(_offset) ?? 0}&limit={limit}");
        if (_context.Shared.IsJson(result))
        {
            _context.Printer.Json(answer);
        }
        else
        {
            ReportText.Print(_context.Printer, answer, limit);
        }
    }

    private async Task ListAsync(AdminClient client, ParseResult result, string? disk)
    {
        string[] disks = disk is not null
            ? [disk]
            : [.. (await client.GetAsync("/api/v1/disks")).Items("disks").Select(d => d.Text("name"))];
        List<JsonElement> reports = [];
        foreach (string name in disks)
        {
            reports.AddRange((await client.GetAsync($"{CommandContext.PathOf(name)}/reports")).Items("reports"));
        }

        if (_context.Shared.IsJson(result))
        {
            _context.Printer.Json(JsonText.Write(new JsonWriterOptions { Indented = true }, json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("reports");
                reports.ForEach(r => r.WriteTo(json));
                json.WriteEndArray();
                json.WriteEndObject();
            }));
            return;
        }

        _context.Printer.Table(
            ["DISK", "REPORT", "CUT", "TIME", "SEED", "LOSS", "PENDING", "KEPT", "LOST", "TORN", "SUPERSEDED"],
            reports.Select(static r => (string[])
            [
                r.Text("disk"), r.Text("number"), r.Text("cut") + (r.Flag("isRecut") ? " again" : ""), r.Text("time"), r.Text("seed"), r.Text("loss"),
                r.Text("pendingTotal"), r.Text("commandsKept"), r.Text("commandsLost"), r.Text("commandsTorn"), r.Text("commandsSuperseded"),
            ]));
    }

    private async Task SaveAsync(AdminClient client, string path, string file)
    {
        try
        {
            await OutputFile.WriteAsync(file, stream => client.DownloadAsync(path, stream));
        }
        catch (OutputException e)
        {
            throw new CliException(ExitCodes.Usage, $"--bundle: {e.Message}", e);
        }

        if (file != OutputFile.StandardOutput)
        {
            _context.Printer.Line(file);
        }
    }
}

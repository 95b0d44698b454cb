using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu map DISK [--offset N] [--length N] [--limit N]</c>.</summary>
internal sealed class MapCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _disk = new("DISK") { Description = "The disk's name." };
    private readonly Option<long?> _offset = new("--offset") { Description = "The first byte (0).", HelpName = "N" };
    private readonly Option<long?> _length = new("--length") { Description = "How many bytes (to the disk's end).", HelpName = "N" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Show at most so many extents (1000).", HelpName = "N" };

    private MapCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        MapCommand map = new(context);
        Command command = new("map", "What a power cut now could take: the disk's extents and the stages they have reached.")
        {
            map._disk, map._offset, map._length, map._limit,
        };
        command.SetAction((result, _) => map.RunAsync(result));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result)
    {
        List<string> query = [];
        Add(query, "offset", result.GetValue(_offset));
        Add(query, "length", result.GetValue(_length));
        Add(query, "limit", result.GetValue(_limit));
        using AdminClient client = _context.Shared.Connect(result);
        JsonElement answer = await client.GetAsync(
            $"{CommandContext.PathOf(result.GetValue(_disk)!)}/map{(query.Count == 0 ? "" : "?")}{string.Join('&', query)}");
        if (_context.Shared.IsJson(result))
        {
            _context.Printer.Json(answer);
            return ExitCodes.Fine;
        }

        _context.Printer.Table(
            ["OFFSET", "LENGTH", "STATE", "VISIBLE", "CACHED", "PERSISTENT", "ZERO"],
            answer.Items("extents").Select(static e => (string[])
            [
                e.Text("offsetBytes"), e.Text("lengthBytes"), e.Text("state"), YesNo(e, "visible"), YesNo(e, "cached"),
                YesNo(e, "persistent"), YesNo(e, "readsAsZero"),
            ]));
        if (answer.Text("nextOffsetBytes") is { Length: > 0 } next)
        {
            _context.Printer.Line($"more from {next} on: --offset {next}");
        }

        return ExitCodes.Fine;
    }

    private static string YesNo(JsonElement extent, string name) => extent.Flag(name) ? "yes" : "-";

    private static void Add(List<string> query, string name, long? value)
    {
        if (value is not null)
        {
            query.Add($"{name}={value}");
        }
    }
}

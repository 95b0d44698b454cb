using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu power cut|on|shutdown|cycle|recut|state DISK</c>.</summary>
internal sealed class PowerCommand
{
    private readonly CommandContext _context;
    private readonly Argument<string> _disk = new("DISK") { Description = "The disk's name." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "The cut's own seed.", HelpName = "N" };

    private readonly Option<string?> _loss = new("--loss")
    {
        Description = "lose-all, keep-all, random:P, aged:P..Q, fifo, epoch, adversary or explicit:LIST.",
        HelpName = "MODEL",
    };

    private readonly Option<string?> _clients = new("--clients")
    {
        Description = "What clients see while the disk is off: reset, hang, error or reconnect (NVMe hosts may carry on, which corrupts).",
        HelpName = "WHAT",
    };

    private readonly Option<string?> _accept = new("--accept")
    {
        Description = "lose-all: take the old platter when the cut could not be judged.",
        HelpName = "LOSS",
    };

    private readonly Option<int?> _offMs = new("--off-ms") { Description = "How long the power stays off.", HelpName = "MS" };

    private PowerCommand(CommandContext context)
    {
        _context = context;
        _accept.AcceptOnlyFromAmong("lose-all");
        _clients.AcceptOnlyFromAmong("reset", "hang", "error", "reconnect");
    }

    public static Command Create(CommandContext context)
    {
        PowerCommand power = new(context);
        Command command = new("power", "Cuts a disk's power and returns it.");
        command.Subcommands.Add(power.CreateMove("cut", "Cut the power now, and report what was lost.", power._seed, power._loss, power._clients));
        command.Subcommands.Add(power.CreateMove("on", "Return the power.", power._accept));
        command.Subcommands.Add(power.CreateMove("shutdown", "Flush, then off.", power._clients));
        command.Subcommands.Add(power.CreateMove("cycle", "Cut, wait, on.", power._seed, power._loss, power._clients, power._offMs));
        command.Subcommands.Add(power.CreateMove("recut", "While off: judge the same cut again.", power._seed, power._loss));
        command.Subcommands.Add(power.CreateState());
        return command;
    }

    private Command CreateMove(string name, string description, params Option[] options)
    {
        Command command = new(name, description);
        command.Arguments.Add(_disk);
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(async (result, _) =>
        {
            Dictionary<string, object> body = new(StringComparer.Ordinal);
            Add(body, "seed", options.Contains(_seed) ? result.GetValue(_seed) : null);
            Add(body, "loss", options.Contains(_loss) ? result.GetValue(_loss) : null);
            Add(body, "clients", options.Contains(_clients) ? result.GetValue(_clients) : null);
            Add(body, "accept", options.Contains(_accept) ? result.GetValue(_accept) : null);
            Add(body, "offMs", options.Contains(_offMs) ? result.GetValue(_offMs) : null);
            using AdminClient client = _context.Shared.Connect(result);
            JsonElement answer = await client.PostAsync($"{CommandContext.PathOf(result.GetValue(_disk)!)}/power/{name}", body);
            Print(result, answer);
            return ExitCodes.Fine;
        });
        return command;
    }

    private Command CreateState()
    {
        Command command = new("state", "Whether the power is on.");
        command.Arguments.Add(_disk);
        command.SetAction(async (result, _) =>
        {
            using AdminClient client = _context.Shared.Connect(result);
            Print(result, await client.GetAsync($"{CommandContext.PathOf(result.GetValue(_disk)!)}/power"));
            return ExitCodes.Fine;
        });
        return command;
    }

    private void Print(ParseResult result, JsonElement answer)
    {
        if (_context.Shared.IsJson(result))
        {
            _context.Printer.Json(answer);
        }
        else if (answer.TryGetProperty("number", out _))
        {
            ReportText.Print(_context.Printer, answer);
        }
        else
        {
            string reason = answer.TryGetProperty("reason", out JsonElement why) ? $" ({why.GetString()})" : "";
            _context.Printer.Line($"{answer.Text("disk")}: {answer.Text("state")}{reason}");
        }
    }

    private static void Add(Dictionary<string, object> body, string name, object? value)
    {
        if (value is not null)
        {
            body[name] = value;
        }
    }
}

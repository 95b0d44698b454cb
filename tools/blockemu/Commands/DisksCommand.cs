using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu disks</c>, and <c>disks set DISK KEY=VALUE...</c>.</summary>
internal static class DisksCommand
{
    public static Command Create(CommandContext context)
    {
        Command command = new("disks", "The server's disks and their state.");
        command.SetAction(async (result, _) =>
        {
            using AdminClient client = context.Shared.Connect(result);
            JsonElement answer = await client.GetAsync("/api/v1/disks");
            if (context.Shared.IsJson(result))
            {
                context.Printer.Json(answer);
                return ExitCodes.Fine;
            }

            context.Printer.Table(
                ["DISK", "SIZE", "STATE", "MEDIUM", "BLOCK", "AWUPF", "CACHE", "CACHED", "PENDING", "LOSS", "SEED", "CONNECTIONS"],
                answer.Items("disks").Select(static d => (string[])
                [
                    d.Text("name"), Printer.Size(d.Number("size")), d.Text("state"), d.Text("medium"), d.Text("block"),
                    Printer.Size(d.Number(d.Number("nawupf") == 0 ? "awupf" : "nawupf")), d.Number("cache") == 0 ? "off" : Printer.Size(d.Number("cache")),
                    Printer.Size(d.Number("cachedBytes")), d.Text("pendingAtoms"), d.Text("loss"), d.Text("seed"), d.Text("connections"),
                ]));
            return ExitCodes.Fine;
        });
        command.Subcommands.Add(CreateSet(context));
        return command;
    }

    private static Command CreateSet(CommandContext context)
    {
        Argument<string> disk = new("DISK") { Description = "The disk's name." };
        Argument<string[]> pairs = new("KEY=VALUE")
        {
            Description = "What is to be different from now on, such as awupf=16K; all of it, or nothing.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new("set", "Changes what can change while a disk is served: atomicity, destage, isolation, loss, seed, offBehaviour.")
        {
            disk,
            pairs,
        };
        command.SetAction(async (result, _) =>
        {
            Dictionary<string, object> body = ReadPairs(result.GetValue(pairs)!);
            using AdminClient client = context.Shared.Connect(result);
            JsonElement answer = await client.PatchAsync(CommandContext.PathOf(result.GetValue(disk)!), body);
            if (context.Shared.IsJson(result))
            {
                context.Printer.Json(answer);
            }
            else
            {
                context.Printer.Line($"{answer.Text("name")}: {string.Join(", ", body.Keys.Select(key => $"{key} {answer.Text(key)}"))}");
            }

            return ExitCodes.Fine;
        });
        return command;
    }

    /// <summary>The server knows the keys and judges the values.</summary>
    private static Dictionary<string, object> ReadPairs(string[] pairs)
    {
        Dictionary<string, object> body = new(StringComparer.Ordinal);
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new CliException(ExitCodes.Usage, $"'{pair}' is not KEY=VALUE");
            }

            if (!body.TryAdd(pair[..equals], pair[(equals + 1)..]))
            {
                throw new CliException(ExitCodes.Usage, $"{pair[..equals]} is given twice");
            }
        }

        return body;
    }
}

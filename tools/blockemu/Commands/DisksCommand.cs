using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu disks</c>.</summary>
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
                    Printer.Size(d.Number("awupf")), d.Number("cache") == 0 ? "off" : Printer.Size(d.Number("cache")),
                    Printer.Size(d.Number("cachedBytes")), d.Text("pendingAtoms"), d.Text("loss"), d.Text("seed"), d.Text("connections"),
                ]));
            return ExitCodes.Fine;
        });
        return command;
    }
}

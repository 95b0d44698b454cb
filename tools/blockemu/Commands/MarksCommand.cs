using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu marks DISK [TEXT]</c>.</summary>
internal static class MarksCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> disk = new("DISK") { Description = "The disk's name." };
        Argument<string?> text = new("TEXT") { Description = "Sets a mark with these words; without them, lists the marks.", Arity = ArgumentArity.ZeroOrOne };
        Command command = new("marks", "Marks in the event log: what the client's side knew at that position.") { disk, text };
        command.SetAction(async (result, _) =>
        {
            using AdminClient client = context.Shared.Connect(result);
            string path = $"{CommandContext.PathOf(result.GetValue(disk)!)}/marks";
            string? words = result.GetValue(text);
            JsonElement answer = words is null
                ? await client.GetAsync(path)
                : await client.PostAsync(path, new Dictionary<string, object>(StringComparer.Ordinal) { ["text"] = words });
            if (context.Shared.IsJson(result))
            {
                context.Printer.Json(answer);
            }
            else
            {
                JsonElement[] marks = words is null ? [.. answer.Items("marks")] : [answer];
                context.Printer.Table(["SEQUENCE", "TEXT"], marks.Select(static m => (string[])[m.Text("sequence"), m.Text("text")]));
            }

            return ExitCodes.Fine;
        });
        return command;
    }
}

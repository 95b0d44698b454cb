using System.CommandLine;
using BlockEmu.Cli.Http;
using BlockEmu.Device;
using BlockEmu.Device.Media;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu recover FILE</c>: makes the image of a killed server whole, as the next server would. It asks no server.</summary>
internal static class RecoverCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string[]> files = new("FILE") { Description = "Images of disks with medium=file:FILE.", Arity = ArgumentArity.OneOrMore };
        Option<bool> check = new("--check") { Description = "Only says what there is to finish; exit 1 when there is." };
        Command command = new("recover", "Finishes what a killed server was writing into an image, before other programs look at it.") { files, check };
        command.SetAction(result =>
        {
            bool isCheck = result.GetValue(check);
            int exit = ExitCodes.Fine;
            foreach (string file in result.GetValue(files)!)
            {
                RedoFinding found = Recover(file, isCheck);
                (string word, string text) = Describe(found, isCheck);
                bool isGood = !found.MayBeTorn && (found.State != RedoState.Unfinished || !isCheck);
                exit = isGood ? exit : ExitCodes.DoesNotHold;
                if (!context.Shared.IsJson(result))
                {
                    context.Printer.Line($"{file}: {text}");
                    continue;
                }

                context.Printer.Json(JsonText.Write(default, json =>
                {
                    json.WriteStartObject();
                    json.WriteString("image", file);
                    json.WriteString("state", word);
                    json.WriteBoolean("whole", isGood);
                    if (found.AsidePath is not null)
                    {
                        json.WriteString("aside", found.AsidePath);
                    }

                    json.WriteEndObject();
                }));
            }

            return exit;
        });
        return command;
    }

    private static RedoFinding Recover(string file, bool isCheck)
    {
        try
        {
            return isCheck ? ImageRecovery.Look(file) : ImageRecovery.Run(file);
        }
        catch (DeviceIoException e)
        {
            throw new CliException(ExitCodes.Usage, e.Message, e);
        }
    }

    private static (string Word, string Text) Describe(RedoFinding found, bool isCheck) => found.State switch
    {
        RedoState.None => ("nothing", "nothing to finish"),
        RedoState.Unfinished when isCheck => ("unfinished", "its server was killed inside a write; blockemu recover, or the next server, finishes it"),
        RedoState.Unfinished => ("finished", "the write in which its server was killed is finished"),
        RedoState.NotBegun => ("not-begun", "its server was killed before a write began; nothing to finish"),
        RedoState.OtherImage => ("other-image", Doubt(found)),
        RedoState.OtherBoot => ("other-boot", Doubt(found)),
        RedoState.Changed => ("changed", Doubt(found)),
        RedoState.Damaged => ("damaged", Doubt(found)),
        RedoState.Earlier => ("earlier-version", Doubt(found)),
        RedoState.Missing => ("missing", Doubt(found)),
        _ => ("foreign", "what lies beside it is no redo file; nothing to finish"),
    };

    private static string Doubt(RedoFinding found)
    {
        string kept = found.AsidePath is { } aside ? $"; it is kept as {aside}" : "";
        return $"an atom may be torn: {found.RedoPath} is not to be carried out: {found.Why}{kept}";
    }
}

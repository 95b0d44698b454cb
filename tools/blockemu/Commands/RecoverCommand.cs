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
                RedoState state = Recover(file, isCheck);
                (string word, string text, bool isGood) = Describe(state, isCheck);
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
                    json.WriteEndObject();
                }));
            }

            return exit;
        });
        return command;
    }

    private static RedoState Recover(string file, bool isCheck)
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

    private static (string Word, string Text, bool IsGood) Describe(RedoState state, bool isCheck) => state switch
    {
        RedoState.None => ("nothing", "nothing to finish", true),
        RedoState.Unfinished when isCheck => ("unfinished", "its server was killed inside a write; blockemu recover, or the next server, finishes it", false),
        RedoState.Unfinished => ("finished", "the write in which its server was killed is finished", true),
        RedoState.NotBegun => ("not-begun", "its server was killed before a write began; nothing to finish", true),
        RedoState.OtherImage => ("other-image", "what lies beside it is about another file, or this one at another length: an atom may be torn", false),
        RedoState.OtherBoot => ("other-boot", "the host was started anew since its server was killed: an atom may be torn", false),
        _ => ("foreign", "what lies beside it is no redo file; nothing to finish", true),
    };
}

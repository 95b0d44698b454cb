using System.CommandLine;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu check BUNDLE</c>: the oracle, offline. It needs no server.</summary>
internal static class CheckCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string[]> files = new("BUNDLE")
        {
            Description = "Files from blockemu reports DISK N --bundle FILE.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new("check", "Judges bundles offline: is what the cut left what the contract allows, and what was claimed?") { files };
        command.SetAction((result, _) =>
        {
            bool isJson = context.Shared.IsJson(result);
            int exit = ExitCodes.Fine;
            foreach (string file in result.GetValue(files)!)
            {
                (BundleManifest manifest, BundleVerdict verdict) = Judge(file);
                Print(context.Printer, isJson, file, manifest, verdict);
                exit = verdict.IsGood ? exit : ExitCodes.DoesNotHold;
            }

            return Task.FromResult(exit);
        });
        return command;
    }

    private static (BundleManifest Manifest, BundleVerdict Verdict) Judge(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Bundle bundle = Bundle.Read(stream);
            return (bundle.Manifest, BundleJudge.Judge(bundle));
        }
        catch (BundleFormatException e)
        {
            throw new CliException(ExitCodes.Usage, $"{file} is no whole bundle: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException(ExitCodes.Usage, $"cannot read '{file}': {e.Message}", e);
        }
    }

    private static void Print(Printer printer, bool isJson, string file, BundleManifest manifest, BundleVerdict verdict)
    {
        (string Name, Verdict Verdict)[] questions =
            [("legality", verdict.Legality), ("claims", verdict.Claims), ("replay", verdict.Replay)];
        if (isJson)
        {
            printer.Json(JsonText.Write(new JsonWriterOptions { Indented = true }, json =>
            {
                json.WriteStartObject();
                json.WriteString("bundle", file);
                json.WriteString("disk", manifest.DiskName);
                json.WriteNumber("report", manifest.ReportNumber);
                json.WriteBoolean("holds", verdict.IsGood);
                foreach ((string name, Verdict one) in questions)
                {
                    json.WriteStartObject(name);
                    json.WriteString("verdict", WordFor(one));
                    json.WriteString("message", one.Message);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }));
            return;
        }

        printer.Line($"{file}: {manifest.DiskName}, report {manifest.ReportNumber}: {(verdict.IsGood ? "holds" : "DOES NOT HOLD")}");
        foreach ((string name, Verdict one) in questions)
        {
            // The oracle's own lines; what it quotes of the bundle in them must not look like one.
            string[] lines = one.IsLegal ? [""] : one.Message.Split('\n');
            printer.Line($"  {name}: {WordFor(one)}{(one.IsLegal ? "" : ": ")}{lines[0]}");
            foreach (string line in lines.Skip(1))
            {
                printer.Line($"    {line}");
            }
        }
    }

    private static string WordFor(Verdict verdict) => verdict.Kind switch
    {
        VerdictKind.Legal => "holds",
        VerdictKind.Undecided => "undecided",
        _ => "does not hold",
    };
}

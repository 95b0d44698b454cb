using System.CommandLine;
using System.CommandLine.Parsing;
using BlockEmu.Cli.Commands;
using BlockEmu.Cli.Output;
using BlockEmu.Shell;

namespace BlockEmu.Cli;

/// <summary>The program <c>blockemu</c>: talks to a running server, judges bundles offline.</summary>
public static class CliProgram
{
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, TextWriter output, TextWriter errors, Func<string, string?> environment)
    {
        SharedOptions shared = new(environment);
        RootCommand root = new("Looks at the disks of a BlockEmu server, cuts their power, judges what was left.");
        root.Directives.Clear();
        shared.AddTo(root);
        CommandContext context = new(shared, new Printer(output));
        root.Subcommands.Add(DisksCommand.Create(context));
        root.Subcommands.Add(PowerCommand.Create(context));
        root.Subcommands.Add(ReportsCommand.Create(context));
        root.Subcommands.Add(MarksCommand.Create(context));
        root.Subcommands.Add(MapCommand.Create(context));
        root.Subcommands.Add(CheckCommand.Create(context));
        root.Subcommands.Add(BenchCommand.Create(context));
        root.Subcommands.Add(ProfilesCommand.Create(context));
        root.Subcommands.Add(ProbeCommand.Create(context));
        root.Subcommands.Add(RecoverCommand.Create(context));

        ParseResult result = root.Parse(
            arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        string? valueless = OptionWords.FindWithoutValue(arguments, root);
        if (result.Errors.Count > 0 || valueless is not null)
        {
            string path = string.Join(' ', NamesOf(result.CommandResult));
            string fault = valueless is null ? result.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.') : $"{valueless}: needs a value";
            await errors.WriteLineAsync($"blockemu: {PrintableText.Escape(fault)}; see {path} --help");
            return ExitCodes.Usage;
        }

        try
        {
            return await result.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = errors,
                EnableDefaultExceptionHandler = false,

                // A signal takes its default course; what must not stay behind sees to that itself (OutputFile).
                ProcessTerminationTimeout = null,
            });
        }
        catch (CliException e)
        {
            await errors.WriteLineAsync($"blockemu: {PrintableText.Escape(e.Message.ReplaceLineEndings(" "))}");
            return e.ExitCode;
        }
        catch (OutputException e)
        {
            await errors.WriteLineAsync($"blockemu: {PrintableText.Escape(e.Message)}");
            return ExitCodes.DoesNotHold;
        }
    }

    private static Stack<string> NamesOf(CommandResult result)
    {
        Stack<string> names = new();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
            {
                names.Push(command.Command is RootCommand ? "blockemu" : command.Command.Name);
            }
        }

        return names;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using BlockEmu.Cli.Commands;
using BlockEmu.Cli.Output;

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
        if (result.Errors.Count > 0)
        {
            string path = string.Join(' ', NamesOf(result.CommandResult));
            string fault = result.Errors[0].Message.ReplaceLineEndings(" ").TrimEnd('.');
            await errors.WriteLineAsync($"blockemu: {fault}; see {path} --help");
            return ExitCodes.Usage;
        }

        try
        {
            return await result.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = errors,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (CliException e)
        {
            await errors.WriteLineAsync($"blockemu: {e.Message.ReplaceLineEndings(" ")}");
            return e.ExitCode;
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

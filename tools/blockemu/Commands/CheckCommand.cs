using System.CommandLine;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu check BUNDLE</c>: the oracle, offline.</summary>
internal static class CheckCommand
{
    public static Command Create(CommandContext context)
    {
        Argument<string> bundle = new("BUNDLE") { Description = "A file from blockemu reports DISK N --bundle FILE." };
        Command command = new("check", "Judges a bundle offline: is what the cut left what the contract allows, and what was claimed?") { bundle };
        _ = context;
        return command;
    }
}

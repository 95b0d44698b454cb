using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary>What every command stands on.</summary>
internal sealed record CommandContext(SharedOptions Shared, Printer Printer)
{
    /// <summary>A disk's address below <c>/api/v1</c>.</summary>
    public static string PathOf(string disk) => $"/api/v1/disks/{Uri.EscapeDataString(disk)}";
}

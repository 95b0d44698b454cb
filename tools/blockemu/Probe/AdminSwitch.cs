using System.Globalization;
using BlockEmu.Cli.Commands;
using BlockEmu.Cli.Http;

namespace BlockEmu.Cli.Probe;

/// <summary>A BlockEmu server's own, over HTTP.</summary>
internal sealed class AdminSwitch(AdminClient admin, string disk) : IPowerSwitch
{
    /// <summary>The server's numbers are JSON's: 53 bits.</summary>
    private const int SeedShift = 11;

    public string Name => string.Create(CultureInfo.InvariantCulture, $"HTTP, disk {disk}");

    public Task CutAsync(ulong seed) => admin.PostAsync(
        $"{CommandContext.PathOf(disk)}/power/cut",
        new Dictionary<string, object>(StringComparer.Ordinal) { ["seed"] = seed >> SeedShift, ["clients"] = "reset" });

    public Task RestoreAsync() =>
        admin.PostAsync($"{CommandContext.PathOf(disk)}/power/on", new Dictionary<string, object>(StringComparer.Ordinal));
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace BlockEmu.Cli.Probe;

/// <summary>Any server's: two shell commands. The cut's seed is in <c>BLOCKEMU_PROBE_SEED</c>.</summary>
internal sealed class CommandSwitch(string cutCommand, string restoreCommand) : IPowerSwitch
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public string Name => "commands";

    public Task CutAsync(ulong seed) => RunAsync("--cut-command", cutCommand, seed);

    public Task RestoreAsync() => RunAsync("--restore-command", restoreCommand, seed: null);

    private static async Task RunAsync(string option, string command, ulong? seed)
    {
        // The command may leave a server behind: its streams are not waited for, only the command itself.
        ProcessStartInfo start = new("/bin/sh", ["-c", command]) { UseShellExecute = false };
        if (seed is { } value)
        {
            start.Environment["BLOCKEMU_PROBE_SEED"] = value.ToString(CultureInfo.InvariantCulture);
        }

        try
        {
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync().WaitAsync(s_patience);
            if (process.ExitCode != 0)
            {
                throw new CliException(ExitCodes.Usage, $"{option}: '{command}' ended with exit code {process.ExitCode}");
            }
        }
        catch (TimeoutException e)
        {
            throw new CliException(ExitCodes.Usage, $"{option}: '{command}' did not end within {s_patience.TotalSeconds} s", e);
        }
        catch (Win32Exception e)
        {
            throw new CliException(ExitCodes.Usage, $"{option}: {e.Message}", e);
        }
    }
}

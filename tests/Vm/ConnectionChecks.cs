using System.Diagnostics;
using System.Globalization;

namespace BlockEmu.Vm.Tests;

/// <summary>The boot of <c>connections.sh</c>: four CPUs, and a proxy with a log before one of the disks.</summary>
public sealed class ConnectionChecks(VmImage vm) : GuestChecks(vm)
{
    /// <summary>nbdkit's log of what the kernel asked of the disk <c>journal</c>: a line for each request and each answer.</summary>
    public IReadOnlyList<string> Log { get; private set; } = [];

    /// <summary>The server's metrics in the end.</summary>
    public string Metrics { get; private set; } = "";

    private protected override async Task<ToolRun> BootAsync()
    {
        string log = Path.GetTempFileName();
        try
        {
            await using TestServer server = await TestServer.StartAsync();
            int logged = TestServer.FreePort();
            using Process proxy = Process.Start(
                "nbdkit",
                [
                    // Without --exit-with-parent: the parent is the thread that started it, and a pool's thread ends when it is idle.
                    "--foreground", "--ipaddr=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--port={logged}"),
                    "--filter=log", "nbd", "hostname=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"port={server.NbdPort}"),
                    "export=journal", $"logfile={log}",
                ]);
            try
            {
                ToolRun run = await RunScriptAsync("connections.sh", $"port={server.NbdPort} logged={logged} root='{server.RootPem}'", "-smp", "4");
                Metrics = await server.ReadMetricsAsync();
                return run;
            }
            finally
            {
                proxy.Kill();
                await proxy.WaitForExitAsync();
                Log = await File.ReadAllLinesAsync(log);
            }
        }
        finally
        {
            File.Delete(log);
        }
    }
}

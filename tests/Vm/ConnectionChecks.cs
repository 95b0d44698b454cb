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
        await using TestServer server = await TestServer.StartAsync();
        await using LoggingProxy proxy = await LoggingProxy.StartAsync(server.NbdPort, "journal");
        ToolRun run = await RunScriptAsync("connections.sh", $"port={server.NbdPort} logged={proxy.Port} root='{server.RootPem}'", "-smp", "4");
        Metrics = await server.ReadMetricsAsync();
        Log = await proxy.EndAsync();
        return run;
    }
}

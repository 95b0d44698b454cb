namespace BlockEmu.Vm.Tests;

/// <summary>The boot of <c>file-systems.sh</c>.</summary>
public sealed class FileSystemChecks(VmImage vm) : GuestChecks(vm)
{
    private protected override async Task<ToolRun> BootAsync()
    {
        await using TestServer server = await TestServer.StartAsync();
        return await RunScriptAsync("file-systems.sh", $"port={server.NbdPort}");
    }
}

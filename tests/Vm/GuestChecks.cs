namespace BlockEmu.Vm.Tests;

/// <summary>One boot in which the guest runs <c>file-systems.sh</c> against a server; each test asks for one answer.</summary>
public sealed class GuestChecks(VmImage vm)
{
    private readonly Lazy<Task<ToolRun>> _run = new(() => BootAsync(vm));

    /// <summary>Fails unless the guest said that this check was fine.</summary>
    public async Task AssertOkAsync(string check)
    {
        await vm.RequireAsync();
        ToolRun run = await _run.Value;
        Assert.True(run.Output.Split('\n').Contains("ok " + check, StringComparer.Ordinal), run.Everything);
    }

    private static async Task<ToolRun> BootAsync(VmImage vm)
    {
        string script = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "file-systems.sh"));
        await using TestServer server = await TestServer.StartAsync();
        return await vm.RunAsync($"port={server.NbdPort}\n{script}");
    }
}

namespace BlockEmu.Vm.Tests;

/// <summary>One boot in which the guest runs a script against a server; each test asks for one of its answers.</summary>
public abstract class GuestChecks
{
    private readonly VmImage _vm;
    private readonly string _kernel;
    private readonly Lazy<Task<ToolRun>> _run;

    private protected GuestChecks(VmImage vm, string kernel = VmImage.Stable)
    {
        _vm = vm;
        _kernel = kernel;
        _run = new(BootAsync);
    }

    /// <summary>Fails unless the guest said that this check was fine.</summary>
    public async Task AssertOkAsync(string check)
    {
        await _vm.RequireAsync(_kernel);
        ToolRun run = await _run.Value;
        Assert.True(run.Output.Split('\n').Contains("ok " + check, StringComparer.Ordinal), run.Everything);
    }

    /// <summary>Starts what the script needs, and runs it.</summary>
    private protected abstract Task<ToolRun> BootAsync();

    /// <summary>Boots, for the script that lies beside the tests, with variables in front of it.</summary>
    private protected Task<ToolRun> RunScriptAsync(string script, string variables, params string[] qemuOptions) =>
        RunScriptsAsync([script], variables, qemuOptions);

    /// <summary>The same for several, one behind the other.</summary>
    private protected async Task<ToolRun> RunScriptsAsync(string[] scripts, string variables, params string[] qemuOptions)
    {
        string commands = variables;
        foreach (string script in scripts)
        {
            commands += "\n" + await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, script));
        }

        return await _vm.RunOnAsync(_kernel, commands, qemuOptions);
    }
}

using System.Diagnostics;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Vm.Tests;

/// <summary>A finished run of a program.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Longer than any run here takes; a program that hangs ends there.</summary>
    private static readonly TimeSpan Limit = Pace.Seconds(600);

    /// <summary>All that it printed, for a failing assertion's message.</summary>
    public string Everything => $"exit {ExitCode}\n{Output}\n{Errors}";

    /// <summary>Runs a program to its end.</summary>
    public static async Task<ToolRun> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        using Process process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return new ToolRun(process.ExitCode, await output, $"{await errors}\n{program} was killed: it had not ended after {Limit.TotalSeconds} s");
        }

        return new ToolRun(process.ExitCode, await output, await errors);
    }
}

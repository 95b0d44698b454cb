using System.Diagnostics;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>One run of a foreign program, to its end or its deadline.</summary>
internal sealed record ProgramRun(string CommandLine, int ExitCode, string Output, string Errors)
{
    /// <summary>No program here works for this long; it turns one that hangs into a failure.</summary>
    public static readonly TimeSpan Deadline = Pace.Seconds(90);

    public string Everything => $"{CommandLine}\nexit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}";

    /// <summary>Runs it and wants success.</summary>
    public static async Task<ProgramRun> SucceedAsync(string program, params string[] arguments)
    {
        ProgramRun run = await StartAsync(program, arguments);
        Assert.True(run.ExitCode == 0, run.Everything);
        return run;
    }

    /// <summary>Runs it. At the deadline it is killed by its id, and the test fails with all that it said.</summary>
    public static Task<ProgramRun> StartAsync(string program, params string[] arguments) => StartAsync(Deadline, program, arguments);

    /// <inheritdoc cref="StartAsync(string, string[])"/>
    public static async Task<ProgramRun> StartAsync(TimeSpan deadline, string program, string[] arguments)
    {
        string commandLine = $"{program} {string.Join(' ', arguments)}";
        ProcessStartInfo start = new(Tool.Find(program), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string[]> ended = Task.WhenAll(output, errors);
        try
        {
            await ended.WaitAsync(deadline);
            await process.WaitForExitAsync().WaitAsync(deadline);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Task first = await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(5)));
            string said = first == ended ? await errors : "(it holds its streams still)";
            Assert.Fail($"{commandLine}\nwas killed after {deadline.TotalSeconds} s\n--- errors\n{said}");
        }

        return new ProgramRun(commandLine, process.ExitCode, await output, await errors);
    }
}

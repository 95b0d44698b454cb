using System.Diagnostics;
using System.Globalization;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Support;

/// <summary>The built program in a process of its own, with a pipe at each of its standard streams.</summary>
internal sealed class ChildServer : IDisposable
{
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "blockemu-server");

    private readonly Process _process;
    private readonly Task<string> _errors;

    private ChildServer(Process process, bool readsErrors)
    {
        _process = process;
        _errors = readsErrors ? process.StandardError.ReadToEndAsync() : Task.FromResult("");
        Wire = new DuplexStream(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
    }

    /// <summary>Its standard output and input, as one stream.</summary>
    public Stream Wire { get; }

    public int ProcessId => _process.Id;

    public StreamReader Errors => _process.StandardError;

    public static ChildServer Start(params string[] arguments) => Run(Program, arguments);

    /// <param name="program">The server, or what becomes it.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="readsErrors">False: the test reads <see cref="Errors"/> itself.</param>
    public static ChildServer Run(string program, IEnumerable<string> arguments, bool readsErrors = true) =>
        new(Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!, readsErrors);

    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end; returns the exit code and what stood on standard error.</summary>
    public async Task<(int ExitCode, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Pace.Seconds(60));
        return (_process.ExitCode, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

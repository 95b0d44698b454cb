using System.Diagnostics;
using System.Net;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>The built server in a process of its own, to be killed without warning.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string NbdLine = "NBD on ";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<string> _rest;

    private ServerProcess(Process process, Task<string> errors, EndPoint endPoint)
    {
        _process = process;
        _errors = errors;
        _rest = process.StandardOutput.ReadToEndAsync();
        EndPoint = endPoint;
    }

    public EndPoint EndPoint { get; }

    /// <summary>Starts it and returns when it serves NBD on a port of its own.</summary>
    public static async Task<ServerProcess> StartAsync(string disk)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "blockemu-server.dll");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments = [program, "--disk", disk, "--nbd", "127.0.0.1:0", "--admin", "none"];
        Process process = Process.Start(new ProcessStartInfo(dotnet, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            EndPoint endPoint = await ReadEndPointAsync(process).WaitAsync(LiveServer.Patience)
                ?? throw new InvalidOperationException($"the server ended with {process.ExitCode}: {await errors}");
            return new ServerProcess(process, errors, endPoint);
        }
        catch
        {
            process.Kill();
            process.Dispose();
            throw;
        }
    }

    /// <summary>SIGKILL, now; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        Assert.False(_process.HasExited, "the server had ended by itself");
        _process.Kill();
        await Task.WhenAll(_process.WaitForExitAsync(), _errors, _rest).WaitAsync(LiveServer.Patience);
        Assert.Equal("", await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task<EndPoint?> ReadEndPointAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(NbdLine, StringComparison.Ordinal))
            {
                return IPEndPoint.Parse(line.AsSpan(NbdLine.Length));
            }
        }

        await process.WaitForExitAsync();
        return null;
    }
}

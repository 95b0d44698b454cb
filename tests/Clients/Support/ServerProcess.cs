using System.Diagnostics;
using System.Net;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>The built server in a process of its own, to be killed without warning.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string NbdLine = "NBD on ";
    private const string HttpLine = "HTTP on ";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<string> _rest;

    private ServerProcess(Process process, Task<string> errors, EndPoint endPoint, string admin)
    {
        _process = process;
        _errors = errors;
        _rest = process.StandardOutput.ReadToEndAsync();
        EndPoint = endPoint;
        Admin = admin;
    }

    public EndPoint EndPoint { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Host and port of its admin interface; empty when it has none.</summary>
    public string Admin { get; }

    /// <summary>Starts it and returns when it serves NBD, and HTTP if it is to have that, on ports of its own.</summary>
    public static async Task<ServerProcess> StartAsync(string disk, bool hasAdmin = false, (string Name, string Value)? environment = null)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "blockemu-server.dll");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments = [program, "--disk", disk, "--nbd", "127.0.0.1:0", "--admin", hasAdmin ? "127.0.0.1:0" : "none"];
        ProcessStartInfo start = new(dotnet, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is var (name, value))
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            string? nbd = await ReadLineAsync(process, NbdLine).WaitAsync(LiveServer.Patience);
            string? admin = !hasAdmin ? "" : await ReadLineAsync(process, HttpLine).WaitAsync(LiveServer.Patience);
            return nbd is not null && admin is not null
                ? new ServerProcess(process, errors, IPEndPoint.Parse(nbd), admin)
                : throw new InvalidOperationException($"the server ended with {process.ExitCode}: {await errors}");
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
        Assert.True((await _errors).Length == 0, await _errors);
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

    /// <summary>What follows on the next line with that start; null when the server has ended.</summary>
    private static async Task<string?> ReadLineAsync(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line[start.Length..];
            }
        }

        await process.WaitForExitAsync();
        return null;
    }
}

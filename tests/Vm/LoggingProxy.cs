using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Vm.Tests;

/// <summary>nbdkit in front of an export, with a log of what the guest's kernel asked for: a line for each request and each answer.</summary>
internal sealed class LoggingProxy : IAsyncDisposable
{
    private const int Attempts = 20;

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly DirectoryInfo _folder;

    private LoggingProxy(Process process, Task<string> errors, DirectoryInfo folder, int port)
    {
        _process = process;
        _errors = errors;
        _folder = folder;
        Port = port;
    }

    /// <summary>Where it listens, on loopback.</summary>
    public int Port { get; }

    private static string PidFile(DirectoryInfo folder) => Path.Combine(folder.FullName, "pid");

    private static string LogFile(DirectoryInfo folder) => Path.Combine(folder.FullName, "log");

    /// <summary>Starts it and returns once it listens. nbdkit takes no port 0: one that is free now may be another program's by the
    /// time it listens, and then it ends, and the next one is tried.</summary>
    public static async Task<LoggingProxy> StartAsync(int serverPort, string export)
    {
        string said = "";
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            DirectoryInfo folder = Directory.CreateTempSubdirectory("blockemu-proxy-");
            int port = FindPort();
            string[] arguments =
            [
                // nbdkit ends with the thread that started it, and a pool's thread ends when it is idle: a shell's only one stays.
                "-c", "\"$@\" & wait", "sh",
                "nbdkit", "--foreground", "--pidfile", PidFile(folder), "--ipaddr=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--port={port}"),
                "--filter=log", "nbd", "hostname=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"port={serverPort}"),
                $"export={export}", $"logfile={LogFile(folder)}",
            ];
            ProcessStartInfo start = new("sh", arguments) { UseShellExecute = false, RedirectStandardError = true };
            Process process = Process.Start(start)!;
            LoggingProxy proxy = new(process, process.StandardError.ReadToEndAsync(CancellationToken.None), folder, port);
            if (await proxy.IsListeningAsync())
            {
                return proxy;
            }

            said = await proxy._errors;
            await proxy.DisposeAsync();
        }

        throw new InvalidOperationException($"nbdkit did not listen on any of {Attempts} ports: {said}");
    }

    /// <summary>Ends it; returns its log.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await KillAsync();
        return File.Exists(LogFile(_folder)) ? await File.ReadAllLinesAsync(LogFile(_folder)) : [];
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>It writes the file with its process id once it listens. False when it has ended instead.</summary>
    private async Task<bool> IsListeningAsync()
    {
        using CancellationTokenSource limit = new(Pace.Seconds(30));
        while (!File.Exists(PidFile(_folder)))
        {
            if (_process.HasExited)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }

        return true;
    }

    private async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        await _errors; // which nbdkit holds open until it has ended, too
    }

    private static int FindPort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace BlockEmu.Bench.Growth;

/// <summary>A server of our own in a child process, on a port of its own.</summary>
internal sealed partial class GrowthServer : IDisposable
{
    private readonly Process _process;

    private GrowthServer(Process process, string nbd)
    {
        _process = process;
        Nbd = nbd;
    }

    /// <summary>Its disk's URI.</summary>
    public string Nbd { get; }

    public long RssBytes => ProcessMemory.ReadRssBytes(_process.Id);

    /// <summary>Processor time so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <param name="cache">The disk's cache, as the option says it.</param>
    public static GrowthServer Start(string cache)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "blockemu-server.dll");
        Process process = Process.Start(new ProcessStartInfo(
            "dotnet", [program, "--admin", "127.0.0.1:0", "--nbd", "127.0.0.1:0", "--disk", $"name=disk0,size=16G,cache={cache}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        string? nbd = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            nbd ??= NbdUri().Match(line) is { Success: true } found ? found.Value : null;
            if (line.StartsWith("HTTP on", StringComparison.Ordinal) && nbd is not null)
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new GrowthServer(process, nbd);
            }
        }

        process.Dispose();
        throw new InvalidOperationException("the server did not start");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"nbd://127\.0\.0\.1:\d+/disk0", RegexOptions.CultureInvariant)]
    private static partial Regex NbdUri();
}

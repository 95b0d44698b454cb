using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace BlockEmu.Idle;

/// <summary>A server of our own in a child process, on a port of its own.</summary>
internal sealed partial class MeasuredServer : IDisposable
{
    private readonly Process _process;

    private MeasuredServer(Process process, IPEndPoint endPoint)
    {
        _process = process;
        EndPoint = endPoint;
    }

    public IPEndPoint EndPoint { get; }

    /// <param name="program">Its program or DLL; null = the one built with this program.</param>
    public static MeasuredServer Start(string? program)
    {
        program ??= Path.Combine(AppContext.BaseDirectory, "blockemu-server.dll");
        string[] arguments = ["--admin", "none", "--nbd", "127.0.0.1:0", "--disk", "name=disk0,size=1G"];
        bool isDll = program.EndsWith(".dll", StringComparison.Ordinal);
        Process process = Process.Start(new ProcessStartInfo(isDll ? "dotnet" : program, isDll ? [program, .. arguments] : arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (NbdUri().Match(line) is { Success: true } found)
            {
                return new MeasuredServer(process, IPEndPoint.Parse(found.Groups["at"].Value));
            }
        }

        process.Kill();
        process.Dispose();
        throw new InvalidOperationException("the server did not start");
    }

    /// <summary>Resident memory now.</summary>
    public long ReadRssBytes()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture) << 10;
    }

    /// <summary>Processor time so far: a busy machine moves it less than it moves throughput.</summary>
    public TimeSpan ReadCpuTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"nbd://(?<at>127\.0\.0\.1:\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex NbdUri();
}

using System.Runtime.CompilerServices;
using System.Net;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Idle;

/// <summary>Measures in turn without and with idle connections (A B A B ...), against one server.</summary>
internal sealed class IdleRun(int idleCount, int rounds, TimeSpan duration, TextWriter output)
{
    private const int BusyCount = 4;
    private const double MiB = 1 << 20;
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(3);

    /// <summary>Returns 0; what the figures mean is for the reader to say.</summary>
    public int Run(string? program)
    {
        using MeasuredServer server = MeasuredServer.Start(program);
        BusyClient[] busy = [.. Enumerable.Range(0, BusyCount).Select(i => new BusyClient(server.EndPoint, seed: (ulong)i))];

        // The first measurement is for the server to become warm.
        Measure(server, busy);
        List<double> ratios = [];
        List<double> cpuRatios = [];
        List<double> idleKibs = [];
        Say($"       ------- without -------  -------- with ---------");
        Say($"{"round",5} {"k/s",8} {"us CPU",6} {"MiB",7}  {"k/s",8} {"us CPU",6} {"MiB",7}  {"KiB each",8}");
        for (int round = 1; round <= rounds; round++)
        {
            (double rate, double cpu) without = Measure(server, busy);
            Wait(s_settling);
            long rssBefore = server.ReadRssBytes();
            NbdClient[] idle = [.. Enumerable.Range(0, idleCount).Select(_ => Open(server.EndPoint))];
            Wait(s_settling);
            long rssIdle = server.ReadRssBytes();
            (double rate, double cpu) with = Measure(server, busy);
            Array.ForEach(idle, static c => c.Dispose());
            ratios.Add(with.rate / without.rate);
            cpuRatios.Add(with.cpu / without.cpu);
            idleKibs.Add((rssIdle - rssBefore) / 1024.0 / idleCount);
            Say(
                $"{round,5} {without.rate / 1000,8:F1} {without.cpu,6:F2} {rssBefore / MiB,7:F1}  "
                + $"{with.rate / 1000,8:F1} {with.cpu,6:F2} {rssIdle / MiB,7:F1}  {idleKibs[^1],8:F1}");
            Wait(s_settling);
        }

        Array.ForEach(busy, static c => c.Dispose());
        Say($"{idleCount} idle: the busy ones' throughput x {Median(ratios):F3}, processor time for each request x {Median(cpuRatios):F3} (medians);");
        Say($"{idleKibs[0]:F1} KiB each at first, {idleKibs.Max():F1} at most");
        return 0;
    }

    private static NbdClient Open(IPEndPoint endPoint)
    {
        NbdClient client = NbdClient.Connect(endPoint, TimeSpan.FromSeconds(30));
        client.Go("");
        return client;
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static void Wait(TimeSpan time)
    {
        using ManualResetEventSlim never = new();
        never.Wait(time);
    }

    /// <summary>Requests each second, and the server's processor time for each, microseconds.</summary>
    private (double Rate, double CpuMicroseconds) Measure(MeasuredServer server, BusyClient[] busy)
    {
        long requests = 0;
        TimeSpan cpuBefore = server.ReadCpuTime();
        Thread[] threads = [.. busy.Select(client => new Thread(() => Interlocked.Add(ref requests, client.Run(duration))))];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        return (requests / duration.TotalSeconds, (server.ReadCpuTime() - cpuBefore).TotalMicroseconds / requests);
    }

    private void Say(DefaultInterpolatedStringHandler line) => output.WriteLine(line.ToStringAndClear());
}

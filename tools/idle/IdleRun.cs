using System.Globalization;
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
        Measure(busy);
        List<double> ratios = [];
        List<double> idleKibs = [];
        Say($"{"round",5} {"without, k/s",13} {"with, k/s",10} {"ratio",6} {"RSS before, MiB",16} {"with idle, MiB",15} {"KiB each",9}");
        for (int round = 1; round <= rounds; round++)
        {
            double without = Measure(busy);
            Wait(s_settling);
            long rssBefore = server.ReadRssBytes();
            NbdClient[] idle = [.. Enumerable.Range(0, idleCount).Select(_ => Open(server.EndPoint))];
            Wait(s_settling);
            long rssIdle = server.ReadRssBytes();
            double with = Measure(busy);
            Array.ForEach(idle, static c => c.Dispose());
            ratios.Add(with / without);
            idleKibs.Add((rssIdle - rssBefore) / 1024.0 / idleCount);
            Say(
                $"{round,5} {without / 1000,13:F1} {with / 1000,10:F1} {ratios[^1],6:F3} {rssBefore / MiB,16:F1} {rssIdle / MiB,15:F1} {idleKibs[^1],9:F1}");
            Wait(s_settling);
        }

        Array.ForEach(busy, static c => c.Dispose());
        Say($"{idleCount} idle: the busy ones' throughput x {Median(ratios):F3} (median); {idleKibs[0]:F1} KiB each at first, {idleKibs.Max():F1} at most");
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

    private double Measure(BusyClient[] busy)
    {
        long requests = 0;
        Thread[] threads = [.. busy.Select(client => new Thread(() => Interlocked.Add(ref requests, client.Run(duration))))];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        return requests / duration.TotalSeconds;
    }

    private void Say(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}

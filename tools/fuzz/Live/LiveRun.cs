using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using BlockEmu.Fuzz.Cases;
using BlockEmu.Fuzz.Mutating;
using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz.Live;

/// <summary>A live server between hostile clients and good ones, for a while.</summary>
public sealed class LiveRun(LiveTarget target, ServerChild? child, Corpus corpus, ulong seed, Findings findings) : IDisposable
{
    private const int HostileThreads = 6;
    private const int HostileNvmeThreads = 3;
    private const int KeptConnections = 16;
    private const double MaxGrowth = 1.2;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_judgedFrom = TimeSpan.FromSeconds(60);

    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly ConcurrentQueue<byte[]> _lastSaid = new();
    private readonly Mutator _mutator = new(corpus);
    private long _connections;

    private bool IsStopped => _stop.WaitOne(0);

    public LiveReport Run(TimeSpan duration)
    {
        GoodClient[] good = [.. GoodDoors().Select((open, i) => new GoodClient(open, Chance.Of(seed, ~(ulong)i)))];
        List<Thread> threads = [.. good.Select(g => new Thread(() => RunGood(g)) { IsBackground = true, Name = "good" })];
        threads.AddRange(Enumerable.Range(0, HostileThreads)
            .Select(i => new Thread(() => RunHostile(i)) { IsBackground = true, Name = "hostile" }));
        if (target.NvmeEndPoint is { } nvme)
        {
            threads.AddRange(Enumerable.Range(HostileThreads, HostileNvmeThreads)
                .Select(i => new Thread(() => RunHostileNvme(i, nvme)) { IsBackground = true, Name = "hostile" }));
        }

        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        TimeSpan window = TimeSpan.FromSeconds(Math.Min(10, duration.TotalSeconds / 8));
        TimeSpan warmUp = TimeSpan.FromSeconds(Math.Min(60, duration.TotalSeconds / 3));
        Wait(warmUp - window);
        long warmBytes = MeasureRss(window);
        Wait(duration - warmUp - window);
        long endBytes = MeasureRss(window);
        _stop.Set();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        JudgeServer(warmBytes, endBytes, duration);
        return new LiveReport(Interlocked.Read(ref _connections), good.Sum(static g => g.Operations), warmBytes, endBytes);
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>The good clients' ways, each to a disk of its own.</summary>
    private IEnumerable<Func<Chance, IGoodDoor>> GoodDoors()
    {
        yield return chance => new NbdDoor(target, chance);
        if (target.NvmeEndPoint is { } nvme)
        {
            yield return chance => new NvmeDoor(nvme, chance);
        }
    }

    private void RunGood(GoodClient client)
    {
        try
        {
            client.Run(() => !IsStopped);
        }
        catch (Exception e) when (e is IOException or BrokenPromiseException or SocketException or InvalidDataException)
        {
            Report($"good client: {e.Message} {e.InnerException?.Message}");
        }
    }

    private void RunHostile(int thread)
    {
        HostileClient client = new(target, _stop);
        RunHostile(thread, CaseSide.NbdServer, (made, chance) => client.Attack(made.ToBytes(), chance));
    }

    private void RunHostileNvme(int thread, EndPoint nvme) =>
        RunHostile(thread, CaseSide.NvmeController, new NvmeHostileClient(nvme).Attack);

    private void RunHostile(int thread, CaseSide side, Func<FuzzCase, Chance, string?> attack)
    {
        for (ulong number = 0; !IsStopped; number++)
        {
            Chance chance = Chance.Of(seed ^ ((ulong)thread << 56), number);
            FuzzCase made = _mutator.Make(chance, side);
            byte[] bytes = made.ToBytes();
            _lastSaid.Enqueue(bytes);
            if (_lastSaid.Count > KeptConnections)
            {
                _lastSaid.TryDequeue(out _);
            }

            try
            {
                if (attack(made, chance) is { } fault)
                {
                    Report(fault, bytes);
                }
            }
            catch (SocketException e)
            {
                Report($"hostile client: {e.SocketErrorCode} {e.Message}");
                _stop.WaitOne(s_judgedFrom / 60);
            }

            Interlocked.Increment(ref _connections);
            _stop.WaitOne(s_pause);
        }
    }

    private void JudgeServer(long warmBytes, long endBytes, TimeSpan duration)
    {
        if (child is { IsAlive: false })
        {
            Report("the server has ended");
            return;
        }

        foreach (string line in child?.Faults ?? [])
        {
            Report(line);
        }

        if (duration >= s_judgedFrom && endBytes > warmBytes * MaxGrowth)
        {
            findings.AddLive($"resident memory grew from {warmBytes >> 20} to {endBytes >> 20} MiB", [], $"seed {seed}");
        }

        foreach (Func<Chance, IGoodDoor> open in GoodDoors())
        {
            GoodClient afterwards = new(open, Chance.Of(seed, 0));
            RunGood(afterwards);
            if (afterwards.Operations == 0)
            {
                Report("the server serves nobody any more");
            }
        }
    }

    private void Report(string fault, byte[]? said = null) =>
        findings.AddLive(fault, said is null ? [.. _lastSaid] : [said], $"live, seed {seed}");

    private void Wait(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            _stop.WaitOne(time);
        }
    }

    /// <summary>The mean over a while; the load goes on.</summary>
    private long MeasureRss(TimeSpan window)
    {
        const int samples = 20;
        long sum = 0;
        for (int i = 0; i < samples; i++)
        {
            Wait(window / samples);
            sum += child?.ReadRssBytes() ?? 0;
        }

        return sum / samples;
    }
}

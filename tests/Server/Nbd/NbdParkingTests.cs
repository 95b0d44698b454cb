using System.Diagnostics;
using System.Net.Sockets;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Connections that have nothing to do wait without a thread, and obey everything nevertheless.</summary>
public sealed class NbdParkingTests
{
    private static readonly FrontEndLimits Impatient = new() { IdlePatience = TimeSpan.FromMilliseconds(1) };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E4_an_idle_connection_is_parked_and_its_next_request_answered(bool unix)
    {
        await using var bench = new NbdBench(Impatient);
        using NbdClient client = bench.Open(unix: unix);
        for (int round = 0; round < 5; round++)
        {
            WaitUntilParked(bench, 1);
            Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(8192, (byte)round)));
            byte[] read = new byte[8192];
            WaitUntilParked(bench, 1);
            Assert.Equal(NbdError.None, client.Read(4096, read));
            Assert.Equal(NbdBench.Pattern(8192, (byte)round), read);
        }

        Assert.Equal(1, bench.FrontEnd.CountConnections(bench.First));
    }

    [Fact]
    public async Task E4_requests_that_arrive_at_the_instant_of_parking_are_answered()
    {
        const ulong seed = 20_260_701;
        await using var bench = new NbdBench(Impatient);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Factory.StartNew(
            () => SayAtAnyInstant(bench, seed + (ulong)i, i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
    }

    [Fact]
    public async Task E4_a_request_begun_is_parked_and_goes_on()
    {
        await using var bench = new NbdBench(Impatient);
        using NbdClient client = bench.Open();
        byte[] write = NbdBench.Request(NbdCommand.Write, 7, 512, 300_000, NbdBench.Pattern(300_000));
        int[] cuts = [1, 27, 28, 29, 100_000, 250_000, write.Length];
        int sentBytes = 0;
        foreach (int cut in cuts)
        {
            WaitUntilParked(bench, 1);
            client.Stream.Write(write.AsSpan(sentBytes..cut));
            sentBytes = cut;
        }

        Assert.Equal(new NbdSimpleReply(NbdError.None, 7), NbdBench.ReadReply(client.Stream));
        byte[] read = new byte[300_000];
        Assert.Equal(NbdError.None, client.Read(512, read));
        Assert.Equal(NbdBench.Pattern(300_000), read);
    }

    [Fact]
    public async Task Q6_a_payload_that_is_read_over_is_parked_and_goes_on()
    {
        await using var bench = new NbdBench(Impatient);
        using NbdClient client = bench.Open();
        byte[] outside = NbdBench.Request(NbdCommand.Write, 1, NbdBench.DiskBytes, 4096, NbdBench.Pattern(4096));
        client.Stream.Write(outside.AsSpan(..2000));
        WaitUntilParked(bench, 1);
        client.Stream.Write([.. outside[2000..], .. NbdBench.Request(NbdCommand.Flush, 2, 0, 0)]);
        Assert.Equal(new NbdSimpleReply(NbdError.NoSpace, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 2), NbdBench.ReadReply(client.Stream));
    }

    [Fact]
    public async Task O11_a_handshake_is_parked_and_goes_on_and_its_deadline_holds()
    {
        var time = new FiredByHandTime();
        await using var bench = new NbdBench(Impatient, time);
        using NbdClient first = bench.Connect();
        using NbdClient second = bench.Connect();
        WaitUntilParked(bench, 2);
        Assert.Equal(3, first.List().Count);
        WaitUntilParked(bench, 2);
        first.Go("");
        Assert.Equal(NbdError.None, first.Flush());
        WaitUntilParked(bench, 2);
        time.FireAll();
        Assert.Equal((0, true), NbdBench.ReadToEnd(second.Stream));
        Assert.Equal(NbdError.None, first.Flush());
    }

    [Theory]
    [InlineData(OffBehaviour.Reset)]
    [InlineData(OffBehaviour.Hang)]
    [InlineData(OffBehaviour.Error)]
    public async Task E4_a_cut_and_power_on_reach_parked_connections(OffBehaviour behaviour)
    {
        await using var bench = new NbdBench(Impatient);
        NbdClient[] clients = [.. Enumerable.Range(0, 20).Select(i => bench.Open(unix: i % 2 == 0))];
        using NbdClient other = bench.Open("huge");
        WaitUntilParked(bench, 21);
        bench.First.OffBehaviour = behaviour;
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        if (behaviour != OffBehaviour.Reset)
        {
            // Nothing wakes them but what their clients say, or the power.
            WaitUntilParked(bench, 21);
            Array.ForEach(clients, c => c.Stream.Write(NbdBench.Request(NbdCommand.Flush, 5, 0, 0)));
        }

        if (behaviour == OffBehaviour.Error)
        {
            Array.ForEach(clients, c => Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 5), NbdBench.ReadReply(c.Stream)));
        }

        WaitUntilParked(bench, behaviour == OffBehaviour.Reset ? 1 : 21);
        bench.First.Disk.PowerOn();
        Assert.All(clients, c => Assert.Equal(0, NbdBench.ReadToEnd(c.Stream).Bytes));
        WaitUntilParked(bench, 1);
        WaitUntil(() => bench.First.Meter.ConnectionCount == 0);
        Assert.Equal(NbdError.None, other.Flush());
        Array.ForEach(clients, c => c.Dispose());
    }

    [Fact]
    public async Task E2_a_stop_closes_parked_connections_in_order()
    {
        await using var bench = new NbdBench(Impatient);
        using NbdClient idle = bench.Open();
        using NbdClient unix = bench.Open(unix: true);
        using NbdClient haggling = bench.Connect();
        using NbdClient begun = bench.Open();
        byte[] write = NbdBench.Request(NbdCommand.Write, 9, 0, 4096, NbdBench.Pattern(4096));
        begun.Stream.Write(write.AsSpan(..100));
        WaitUntilParked(bench, 4);
        Task stopped = bench.FrontEnd.StopAsync(NbdBench.Patience);
        Assert.Equal((0, false), NbdBench.ReadToEnd(idle.Stream));
        Assert.Equal((0, false), NbdBench.ReadToEnd(unix.Stream));
        Assert.Equal((0, false), NbdBench.ReadToEnd(haggling.Stream));
        begun.Stream.Write(write.AsSpan(100..));
        Assert.Equal(9ul, NbdBench.ReadReply(begun.Stream).Cookie);
        await stopped.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task E3_parked_clients_that_vanish_are_forgotten()
    {
        await using var bench = new NbdBench(Impatient);
        NbdClient[] clients = [.. Enumerable.Range(0, 20).Select(i => bench.Open(unix: i % 2 == 0))];
        WaitUntilParked(bench, 20);
        foreach (NbdClient client in clients)
        {
            ((NetworkStream)client.Stream).Socket.LingerState = new LingerOption(true, 0);
            client.Dispose();
        }

        WaitUntil(() => bench.First.Meter.ConnectionCount == 0);
        Assert.Equal(0, bench.FrontEnd.CountParked());
    }

    [Fact]
    public async Task E4_a_disk_that_leaves_the_registry_takes_its_parked_connections_along()
    {
        await using var bench = new NbdBench(Impatient);
        using NbdClient client = bench.Open();
        using NbdClient other = bench.Open("huge");
        WaitUntilParked(bench, 2);
        bench.Disks.TryRemove(bench.First);
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        Assert.Equal((0, true), NbdBench.ReadToEnd(client.Stream));
        Assert.Equal(NbdError.None, other.Flush());
        bench.First.Disk.Dispose();
    }

    private static void WaitUntilParked(NbdBench bench, int count) => WaitUntil(() => bench.FrontEnd.CountParked() == count);

    private static void WaitUntil(Func<bool> holds) => Assert.True(SpinWait.SpinUntil(holds, NbdBench.Patience));

    /// <summary>Requests whose distance is about the patience of the server, in one piece or two.</summary>
    private static void SayAtAnyInstant(NbdBench bench, ulong seed, int place)
    {
        var chance = new SplitMix64(seed);
        using NbdClient client = bench.Open(unix: place % 2 == 0);
        byte[] read = new byte[512];
        for (int round = 0; round < 150; round++)
        {
            Wait(chance.NextBelow(12_000));
            byte[] write = NbdBench.Request(NbdCommand.Write, 3, (ulong)place * 512, 512, NbdBench.Pattern(512, (byte)round));
            int split = (int)chance.NextBelow((ulong)write.Length);
            client.Stream.Write(write.AsSpan(..split));
            Wait(chance.NextBelow(2) * chance.NextBelow(12_000));
            client.Stream.Write(write.AsSpan(split..));
            Assert.True(new NbdSimpleReply(NbdError.None, 3) == NbdBench.ReadReply(client.Stream), $"seed {seed}, round {round}");
            Assert.Equal(NbdError.None, client.Read(place * 512, read));
            Assert.True(read.AsSpan().SequenceEqual(NbdBench.Pattern(512, (byte)round)), $"seed {seed}, round {round}");
        }
    }

    private static void Wait(ulong microseconds)
    {
        long startedAt = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(startedAt).TotalMicroseconds >= microseconds);
    }
}

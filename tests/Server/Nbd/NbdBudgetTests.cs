using System.Net.Sockets;
using BlockEmu.Device.Isolation;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>What all clients together may make the server hold, and what becomes of those who sit on it.</summary>
public sealed class NbdBudgetTests
{
    private const int Largest = 64 << 20;

    // 256 MiB in all: one largest request and one largest reply at a time, and 32 MiB each for requests and replies up to 256 KiB.
    private static readonly FrontEndLimits Tight = new()
    {
        MaxBufferBytes = 256 << 20,
        StallPatience = TimeSpan.FromMilliseconds(300),
        IdlePatience = TimeSpan.FromMilliseconds(100),
    };

    private static readonly FrontEndLimits Patient = Tight with { StallPatience = TimeSpan.FromHours(1) };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E4_32_stalled_readers_of_64_MiB_stay_within_the_budget_and_a_good_client_goes_on(bool unix)
    {
        await using var bench = new NbdBench(Patient);
        NbdClient[] stalled = [.. Enumerable.Range(0, 32).Select(_ => bench.Open("huge", unix))];
        foreach (NbdClient client in stalled)
        {
            client.Stream.Write([.. NbdBench.Request(NbdCommand.Read, 1, 0, Largest), .. NbdBench.Request(NbdCommand.Read, 2, 0, Largest)]);
        }

        // The first one's reply is on its way, so the others wait.
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient good = bench.Open(unix: unix);
        byte[] read = new byte[128 << 10];
        for (int i = 0; i < 100; i++)
        {
            byte[] written = NbdBench.Pattern(read.Length, (byte)i);
            Assert.Equal(NbdError.None, good.Write(0, written));
            Assert.Equal(NbdError.None, good.Read(0, read));
            Assert.True(written.AsSpan().SequenceEqual(read));
            Assert.InRange(bench.FrontEnd.BufferBytes, 0, Tight.MaxBufferBytes);
        }

        Array.ForEach(stalled, c => c.Dispose());
        WaitUntil(() => bench.FrontEnd.CountConnections(bench.Huge) == 0);
        good.Dispose();
        WaitUntil(() => bench.FrontEnd.BufferBytes == 0);
    }

    [Fact]
    public async Task E4_a_reader_that_stalls_on_memory_which_others_wait_for_is_reset_and_counted()
    {
        await using var bench = new NbdBench(Tight);
        MakeAtomic(bench);
        using NbdClient stalled = bench.Open("huge");
        stalled.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Largest));
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient second = bench.Open("huge");
        Assert.Equal(NbdError.None, second.Read(0, new byte[Largest]));
        Assert.True(NbdBench.ReadToEnd(stalled.Stream).IsReset);
        Assert.Equal([(("nbd", "stalled"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task E4_a_writer_that_stalls_in_its_payload_is_reset_when_others_wait_for_its_memory()
    {
        await using var bench = new NbdBench(Tight);
        using NbdClient stalled = bench.Open("huge");
        stalled.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[1 << 20]));
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient second = bench.Open("huge");
        Assert.Equal(NbdError.None, second.Write(0, new byte[Largest]));
        Assert.True(NbdBench.ReadToEnd(stalled.Stream).IsReset);
        Assert.Equal([(("nbd", "stalled"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task E4_nobody_is_reset_for_being_slow_while_nobody_waits()
    {
        await using var bench = new NbdBench(Tight);
        using NbdClient slow = bench.Open("huge");
        slow.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[1 << 20]));
        WaitUntil(() => bench.FrontEnd.CountParked() == 1);
        using NbdClient reader = bench.Open("huge");
        Assert.Equal(NbdError.None, reader.Read(0, new byte[Largest]));
        slow.Stream.Write(new byte[Largest - (1 << 20)]);
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(slow.Stream));
        Assert.Empty(bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task E4_many_writers_and_readers_of_64_MiB_take_turns()
    {
        await using var bench = new NbdBench(Patient);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Factory.StartNew(
            () =>
            {
                using NbdClient client = bench.Open("huge", unix: i % 2 == 0);
                byte[] bytes = NbdBench.Pattern(Largest, (byte)i);
                byte[] read = new byte[Largest];
                for (int round = 0; round < 2; round++)
                {
                    // Both at once: who holds a request waits for the memory of its reply.
                    ulong write = client.Submit(NbdCommand.Write, (ulong)i * Largest, Largest, bytes);
                    ulong answer = client.Submit(NbdCommand.Read, (ulong)i * Largest, Largest);
                    Assert.Equal(NbdError.None, client.Wait(write));
                    Assert.Equal(NbdError.None, client.Wait(answer, read));
                    Assert.True(bytes.AsSpan().SequenceEqual(read));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        WaitUntil(() => bench.FrontEnd.BufferBytes == 0);
        Assert.Empty(bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task E4_a_cut_and_a_stop_reach_those_who_wait_for_memory()
    {
        await using var bench = new NbdBench(Patient);
        NbdClient[] clients = [.. Enumerable.Range(0, 8).Select(i => bench.Open(unix: i % 2 == 0))];
        foreach (NbdClient client in clients)
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Largest));
        }

        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        Assert.All(clients, c => Assert.True(NbdBench.ReadToEnd(c.Stream).Bytes < Largest));
        WaitUntil(() => bench.First.Meter.ConnectionCount == 0);
        Assert.Equal(0, bench.FrontEnd.BufferBytes);
        Array.ForEach(clients, c => c.Dispose());

        clients = [.. Enumerable.Range(0, 8).Select(i => bench.Open("huge", unix: i % 2 == 0))];
        foreach (NbdClient client in clients)
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[50_000]));
        }

        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        await bench.FrontEnd.StopAsync(TimeSpan.FromMilliseconds(50)).WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, bench.FrontEnd.BufferBytes);
        Array.ForEach(clients, c => c.Dispose());
    }

    [Fact]
    public async Task E4_300_dribblers_of_large_writes_hold_what_they_sent_and_no_more()
    {
        await using var bench = new NbdBench(Patient with { IdlePatience = TimeSpan.FromMilliseconds(1) });
        NbdClient[] dribblers = [.. Enumerable.Range(0, 300).Select(i => bench.Open("huge", unix: i % 2 == 0))];
        foreach (NbdClient client in dribblers)
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[1000]));
        }

        WaitUntil(() => bench.FrontEnd.CountParked() == dribblers.Length);
        Assert.Equal(0, bench.FrontEnd.BufferBytes);
        using NbdClient good = bench.Open("huge");
        Assert.Equal(NbdError.None, good.Write(0, new byte[Largest]));
        Array.ForEach(dribblers, c => c.Dispose());
    }

    [Fact]
    public async Task E3_clients_that_vanish_with_16_replies_of_32_MiB_queued_give_everything_back()
    {
        await using var bench = new NbdBench(Patient);
        for (int i = 0; i < 10; i++)
        {
            using NbdClient client = bench.Open("huge", unix: i % 2 == 0);
            for (ulong cookie = 0; cookie < 16; cookie++)
            {
                client.Stream.Write(NbdBench.Request(NbdCommand.Read, cookie, 0, 32 << 20));
            }

            NbdBench.ReadReply(client.Stream);
            ((NetworkStream)client.Stream).Socket.LingerState = new LingerOption(true, 0);
        }

        WaitUntil(() => bench.FrontEnd.CountConnections(bench.Huge) == 0);
        WaitUntil(() => bench.FrontEnd.BufferBytes == 0);
    }

    [Fact]
    public async Task O11_who_does_not_get_on_with_the_handshake_makes_place_for_others()
    {
        await using var bench = new NbdBench(new FrontEndLimits { MaxConnections = 3, IdlePatience = TimeSpan.FromMilliseconds(1) });
        using NbdClient first = bench.Open();
        using NbdClient oldest = bench.Connect();
        WaitUntil(() => bench.FrontEnd.CountParked() == 2);
        using NbdClient second = bench.Open();
        using NbdClient third = bench.Open(unix: true);
        Assert.Equal((0, true), NbdBench.ReadToEnd(oldest.Stream));
        using Stream refused = bench.OpenStream();
        Assert.Equal(0, NbdBench.ReadToEnd(refused).Bytes);
        Assert.Equal(
            [(("nbd", "handshake_crowded_out"), 1L), (("nbd", "too_many_connections"), 1L)], bench.ProtocolErrors.Read());
        Assert.Equal(NbdError.None, first.Flush());
    }

    private static void MakeAtomic(NbdBench bench) =>
        bench.Huge.Change(o => o with { Isolation = new IsolationRule(IsolationMode.Range) });

    private static void WaitUntil(Func<bool> holds) => Assert.True(SpinWait.SpinUntil(holds, NbdBench.Patience));
}

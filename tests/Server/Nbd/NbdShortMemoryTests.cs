using BlockEmu.Device;
using BlockEmu.Device.Isolation;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Clients that ask for much and do not get on with it keep nobody waiting; nobody's patience ends here.</summary>
public sealed class NbdShortMemoryTests
{
    private const int Largest = 64 << 20;

    // One largest request and one largest reply at a time.
    private static readonly FrontEndLimits Patient = new()
    {
        MaxBufferBytes = 256 << 20,
        StallPatience = TimeSpan.FromHours(1),
        IdlePatience = TimeSpan.FromMilliseconds(100),
    };

    [Theory]
    [InlineData(60, NbdReplyStyle.Simple, false)]
    [InlineData(60, NbdReplyStyle.Structured, false)]
    [InlineData(60, NbdReplyStyle.Structured, true)]
    [InlineData(60, NbdReplyStyle.Extended, false)]
    [InlineData(1000, NbdReplyStyle.Simple, false)]
    public async Task S3_readers_that_take_nothing_keep_nobody_waiting(int readers, object style, bool inOnePiece)
    {
        await using var bench = new NbdBench(Patient);
        NbdClient[] stalled = [.. Enumerable.Range(0, readers).Select(_ => bench.Open("huge"))];
        Array.ForEach(stalled, c => c.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Largest)));
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient good = bench.Connect();
        NbdBench.Use(good, (NbdReplyStyle)style);
        good.Go("huge");
        NbdCommandFlags flags = inOnePiece ? NbdCommandFlags.DontFragment : NbdCommandFlags.None;
        foreach (int lengthBytes in new[] { 1 << 20, 100_001, Largest })
        {
            // Zeroes at the start, so that a piece of them stands beside one with data.
            byte[] written = NbdBench.Pattern(lengthBytes);
            written.AsSpan(0, 50_000).Clear();
            Assert.Equal(DiskStatus.Ok, bench.Huge.Disk.Write(bench.Huge.Disk.PowerEpoch, 512, written, fua: false));
            byte[] read = new byte[lengthBytes];
            Assert.Equal(NbdError.None, good.Wait(good.Submit(NbdCommand.Read, 512, (uint)lengthBytes, flags: flags), read));
            Assert.True(written.AsSpan().SequenceEqual(read), $"{lengthBytes} bytes");
        }

        // Nobody had to go for it.
        Assert.Empty(bench.ProtocolErrors.Read());
        Assert.Equal(readers + 1, bench.FrontEnd.CountConnections(bench.Huge));
        Array.ForEach(stalled, c => c.Dispose());
    }

    [Theory]
    [InlineData(60, 1 << 20)]
    [InlineData(1000, 20_000)]
    public async Task S3_writers_that_send_no_more_keep_nobody_waiting(int writers, int sentBytes)
    {
        await using var bench = new NbdBench(Patient);
        byte[] begun = NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[sentBytes]);
        NbdClient[] stalled = [.. Enumerable.Range(0, writers).Select(_ => bench.Open("huge"))];
        Task[] sending = [.. stalled.Select(c => c.Stream.WriteAsync(begun).AsTask())];
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient good = bench.Open("huge");
        foreach (int lengthBytes in new[] { 1 << 20, BufferShare.ModestBytes - (64 << 10) })
        {
            byte[] written = NbdBench.Pattern(lengthBytes);
            byte[] read = new byte[lengthBytes];
            Assert.Equal(NbdError.None, good.Write(4096, written));
            Assert.Equal(NbdError.None, good.Read(4096, read));
            Assert.True(written.AsSpan().SequenceEqual(read));
        }

        Assert.Empty(bench.ProtocolErrors.Read());
        Assert.Equal(writers + 1, bench.FrontEnd.CountConnections(bench.Huge));
        Array.ForEach(stalled, c => c.Dispose());
        await Task.WhenAll(sending).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task S3_where_a_read_is_one_step_a_modest_one_passes_the_great_ones()
    {
        await using var bench = new NbdBench(Patient);
        MakeAtomic(bench);
        NbdClient[] stalled = [.. Enumerable.Range(0, 60).Select(_ => bench.Open("huge"))];
        Array.ForEach(stalled, c => c.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Largest)));
        WaitUntil(() => bench.FrontEnd.BufferBytes >= Largest);
        using NbdClient good = bench.Open("huge");
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(NbdError.None, good.Read(0, new byte[1 << 20]));
        }

        Assert.Empty(bench.ProtocolErrors.Read());
        Array.ForEach(stalled, c => c.Dispose());
    }

    [Theory]
    [InlineData(OffBehaviour.Reset)]
    [InlineData(OffBehaviour.Error)]
    [InlineData(OffBehaviour.Hang)]
    public async Task S3_a_cut_reaches_those_who_are_answered_in_pieces(OffBehaviour behaviour)
    {
        await using var bench = new NbdBench(Patient);
        NbdClient[] stalled = [.. Enumerable.Range(0, 8).Select(_ => bench.Open("huge"))];
        Array.ForEach(stalled, c => c.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Largest)));

        // Each is in the middle of its reply.
        Array.ForEach(stalled, c => NbdBench.ReadReply(c.Stream));
        Assert.InRange(bench.FrontEnd.BufferBytes, Largest, 2 * Largest);
        bench.Huge.OffBehaviour = behaviour;
        bench.Huge.Disk.Cut();
        bench.FrontEnd.Silence(bench.Huge);

        // A stalled send is torn; nothing leaves any more.
        Assert.All(stalled, c => Assert.True(NbdBench.ReadToEnd(c.Stream).Bytes < Largest));
        WaitUntil(() => bench.FrontEnd.BufferBytes == 0);
        Array.ForEach(stalled, c => c.Dispose());
    }

    private static void MakeAtomic(NbdBench bench) =>
        bench.Huge.Change(o => o with { Isolation = new IsolationRule(IsolationMode.Range) });

    private static void WaitUntil(Func<bool> holds) => Assert.True(SpinWait.SpinUntil(holds, NbdBench.Patience));
}

using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Payloads that are received into the disk's pages and data that is sent from them: what clients see is the same.</summary>
public sealed class NbdLargeTransferTests
{
    private static readonly FrontEndLimits s_impatient = new() { IdlePatience = TimeSpan.FromMilliseconds(50) };

    [Theory]
    [InlineData(0, 1 << 20, false)]
    [InlineData(512, 65_536, true)]
    [InlineData(3584, 16_384, false)]
    [InlineData(4096, 8 << 20, true)]
    [InlineData(7, 40_000, false)]
    [InlineData(2560, 5_000_192, true)]
    public async Task A_large_payload_that_comes_in_pieces_is_written_and_read_back(int offsetBytes, int lengthBytes, bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open(unix: unix);
        byte[] payload = NbdBench.Pattern(lengthBytes);
        byte[] stream =
        [
            .. NbdBench.Request(NbdCommand.Write, 1, (ulong)offsetBytes, (uint)lengthBytes, payload),
            .. NbdBench.Request(NbdCommand.Write, 2, 0, 512, NbdBench.Pattern(512, 9)),
            .. NbdBench.Request(NbdCommand.Write, 3, (ulong)offsetBytes, (uint)lengthBytes, payload),
        ];
        int[] cuts = [1, 27, 28, 29, 28 + 511, 28 + 4095, 28 + 4096, 28 + 16_384 - 1, 28 + (lengthBytes / 2), 28 + lengthBytes - 1, 28 + lengthBytes + 3];
        int done = 0;
        foreach (int cut in cuts.Where(c => c < stream.Length).Order())
        {
            client.Stream.Write(stream, done, cut - done);
            done = cut;
            bench.LetOthersWork();
        }

        client.Stream.Write(stream, done, stream.Length - done);
        for (ulong cookie = 1; cookie <= 3; cookie++)
        {
            Assert.Equal(new NbdSimpleReply(NbdError.None, cookie), NbdBench.ReadReply(client.Stream));
        }

        using NbdClient reader = bench.Open(unix: !unix);
        byte[] read = new byte[lengthBytes];
        Assert.Equal(NbdError.None, reader.Read(offsetBytes, read));
        Assert.True(payload.AsSpan().SequenceEqual(read));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(12_000)]
    [InlineData(500_000)]
    public async Task A_client_that_pauses_in_a_large_payload_is_parked_and_goes_on(int pauseAtBytes)
    {
        await using var bench = new NbdBench(s_impatient);
        using NbdClient client = bench.Open();
        byte[] payload = NbdBench.Pattern(1 << 20);
        byte[] request = NbdBench.Request(NbdCommand.Write, 1, 4096, (uint)payload.Length, payload);
        client.Stream.Write(request, 0, pauseAtBytes);
        Assert.True(SpinWait.SpinUntil(() => bench.FrontEnd.CountParked() == 1, NbdBench.Patience));
        client.Stream.Write(request, pauseAtBytes, 3);
        bench.LetOthersWork();
        client.Stream.Write(request, pauseAtBytes + 3, request.Length - pauseAtBytes - 3);
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(client.Stream));
        byte[] read = new byte[payload.Length];
        Assert.Equal(NbdError.None, client.Read(4096, read));
        Assert.True(payload.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public async Task A_power_cut_in_the_middle_of_a_large_payload_is_told_when_it_has_arrived_and_nothing_is_written()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        byte[] request = NbdBench.Request(NbdCommand.Write, 1, 0, 1 << 20, NbdBench.Pattern(1 << 20));
        client.Stream.Write(request, 0, 600_000);
        bench.LetOthersWork();
        bench.First.OffBehaviour = OffBehaviour.Error;
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        client.Stream.Write(request, 600_000, request.Length - 600_000);
        client.Stream.Write(NbdBench.Request(NbdCommand.Read, 2, 0, 65_536));
        Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 2), NbdBench.ReadReply(client.Stream));
        bench.First.Disk.PowerOn();
        using NbdClient after = bench.Open();
        byte[] read = new byte[1 << 20];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.True(!read.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_of_what_is_being_overwritten_shows_one_instant_however_slowly_it_is_taken(bool unix)
    {
        const int Length = 8 << 20;
        await using var bench = new NbdBench();
        using NbdClient writer = bench.Open();
        Fill(writer, 1);
        using NbdClient reader = bench.Open(unix: unix);
        byte[] read = new byte[Length];
        for (byte round = 2; round < 12; round++)
        {
            reader.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, Length));
            Fill(writer, round);
            Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(reader.Stream));
            reader.Stream.ReadExactly(read);
            Assert.InRange(read[0], round - 1, round);
            Assert.False(read.AsSpan().ContainsAnyExcept(read[0]), $"round {round}: a mixture");
        }

        static void Fill(NbdClient writer, byte value) =>
            Assert.Equal(NbdError.None, writer.Write(0, [.. Enumerable.Repeat(value, Length)]));
    }

    [Fact]
    public async Task E4_a_reader_that_stalls_keeps_no_page_from_being_used_again()
    {
        await using var bench = new NbdBench();
        using NbdClient writer = bench.Open();
        writer.Write(0, NbdBench.Pattern(16 << 20));
        writer.Flush();
        using NbdClient stalled = bench.Open();
        stalled.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, 16 << 20));
        bench.LetOthersWork();
        byte[] payload = NbdBench.Pattern(1 << 20, 2);
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(NbdError.None, writer.Write(i % 64 << 20, payload));
        }

        // The disk's 80 MiB, 64 MiB of cache, and a little.
        Assert.InRange(bench.First.Disk.GetStatistics().ArenaBytes, 0, 200L << 20);
    }
}

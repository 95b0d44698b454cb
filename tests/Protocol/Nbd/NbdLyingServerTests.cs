using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>What our client makes of a server that says the unheard-of, and what that may cost it.</summary>
public sealed class NbdLyingServerTests : IDisposable
{
    private readonly LyingServer _server = new();

    private NbdClient Client => _server.Client;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(5u, NbdError.InputOutput)]
    [InlineData(95u, NbdError.NotSupported)]
    [InlineData(1234u, NbdError.InvalidArgument)]
    [InlineData(0xFFFF_FFFFu, NbdError.InvalidArgument)]
    public void X3_an_error_that_nobody_knows_is_EINVAL(uint raw, NbdError error)
    {
        ulong chunked = Client.Submit(NbdCommand.Flush, 0, 0);
        _server.Send(chunked, NbdChunkType.Error, true, $"{raw:X8}" + "0000");
        NbdReply reply = Client.WaitForReply(chunked);
        Assert.Equal((error, raw), (reply.Error, reply.RawError));
        ulong simple = Client.Submit(NbdCommand.Flush, 0, 0);
        byte[] bytes = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply((NbdError)raw, simple).Write(bytes);
        _server.Stream.Write(bytes);
        reply = Client.WaitForReply(simple);
        Assert.Equal((error, raw), (reply.Error, reply.RawError));
    }

    [Fact]
    public async Task Y7_a_hundred_thousand_pieces_from_back_to_front_cost_no_more_than_they_weigh()
    {
        const int pieceBytes = 16;
        const int pieces = 100_000;
        ulong cookie = Client.Submit(NbdCommand.Read, 0, pieces * pieceBytes);
        Task send = Task.Run(() =>
        {
            using var all = new MemoryStream();
            byte[] payload = new byte[NbdChunkHeader.DataOffsetSizeBytes + pieceBytes];
            for (int i = pieces - 1; i >= 0; i--)
            {
                // Odd ones first, so that no two neighbours meet for long.
                int piece = i >= pieces / 2 ? (2 * (i - (pieces / 2))) + 1 : 2 * i;
                BinaryPrimitives.WriteUInt64BigEndian(payload, (ulong)(piece * pieceBytes));
                payload.AsSpan(NbdChunkHeader.DataOffsetSizeBytes).Fill((byte)piece);
                all.Write(LyingServer.Chunk(cookie, NbdChunkType.OffsetData, i == 0, payload));
            }

            _server.Stream.Write(all.GetBuffer(), 0, (int)all.Length);
        }, TestContext.Current.CancellationToken);
        byte[] data = new byte[pieces * pieceBytes];
        Assert.Equal(NbdError.None, Client.Wait(cookie, data));
        await send;
        Assert.All(Enumerable.Range(0, pieces), i => Assert.Equal((byte)i, data[(i * pieceBytes) + (i % pieceBytes)]));
    }

    [Fact]
    public void Y5_a_reply_without_an_end_of_chunks_ends_the_connection()
    {
        ulong cookie = Client.Submit(NbdCommand.Read, 0, 4);
        byte[] chunk = LyingServer.Chunk(cookie, NbdChunkType.ErrorOffset, false, Convert.FromHexString("00000005" + "0000" + "0000000000000001"));
        Task send = Task.Run(() => SendUntilRefused(chunk), TestContext.Current.CancellationToken);
        Assert.Throws<InvalidDataException>(() => Client.Wait(cookie, new byte[4]));
        Client.Dispose();
        Assert.True(send.Wait(Pace.Seconds(30), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(NbdChunkType.OffsetData, 9u)]
    [InlineData(NbdChunkType.OffsetHole, 12u)]
    [InlineData(NbdChunkType.BlockStatus, 8u << 20)]
    [InlineData(NbdChunkType.BlockStatusExtended, 16u << 20)]
    public void Y6_content_that_does_not_belong_to_the_command_is_refused_by_its_header(NbdChunkType type, uint lengthBytes)
    {
        // Nothing follows the header: whoever waited for the payload would wait for ever.
        ulong cookie = Client.Submit(NbdCommand.Flush, 0, 0);
        _server.Stream.Write(LyingServer.Chunk(cookie, type, true, [], lengthBytes));
        Assert.Throws<InvalidDataException>(() => Client.Wait(cookie));
    }

    [Theory]
    [InlineData(NbdCommand.Read, NbdChunkType.OffsetData, 8u + 4096 + 1)]
    [InlineData(NbdCommand.Read, NbdChunkType.OffsetData, uint.MaxValue)]
    [InlineData(NbdCommand.Read, NbdChunkType.Error, uint.MaxValue)]
    [InlineData(NbdCommand.BlockStatus, NbdChunkType.BlockStatus, (8u << 20) + 5)]
    [InlineData(NbdCommand.BlockStatus, NbdChunkType.BlockStatus, uint.MaxValue)]
    public void Y7_more_than_was_asked_for_is_refused_by_its_header_and_costs_nothing(NbdCommand command, NbdChunkType type, uint lengthBytes)
    {
        ulong cookie = Client.Submit(command, 0, 4096);
        _server.Stream.Write(LyingServer.Chunk(cookie, type, true, [], lengthBytes));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Client.Wait(cookie));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Y11_the_length_of_a_block_status_is_a_claim_until_its_bytes_come()
    {
        ulong cookie = Client.Submit(NbdCommand.BlockStatus, 0, 4096);
        _server.Stream.Write(LyingServer.Chunk(cookie, NbdChunkType.BlockStatus, true, new byte[100], 8 << 20));
        _server.Stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<IOException>(() => Client.Wait(cookie));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("0-10 20-30 10-20", true, 30)]
    [InlineData("20-30 0-10 10-20", true, 30)]
    [InlineData("0-10 9-11", false, 10)]
    [InlineData("10-20 9-11", false, 10)]
    [InlineData("10-20 5-25", false, 10)]
    [InlineData("10-20 12-13", false, 10)]
    [InlineData("10-20 10-11", false, 10)]
    [InlineData("0-10 20-30 10-21", false, 20)]
    [InlineData("0-1 2-3 4-5 1-2 3-4 0-1", false, 5)]
    public void Y7_ranges_are_covered_once(string ranges, bool lastIsTaken, ulong totalBytes)
    {
        NbdCoveredRanges covered = new();
        bool taken = false;
        foreach (string range in ranges.Split(' '))
        {
            ulong[] ends = [.. range.Split('-').Select(ulong.Parse)];
            taken = covered.TryAdd(ends[0], ends[1] - ends[0]);
        }

        Assert.Equal((lastIsTaken, totalBytes), (taken, covered.TotalBytes));
    }

    private void SendUntilRefused(byte[] chunk)
    {
        byte[] many = [.. Enumerable.Repeat(chunk, 4096).SelectMany(c => c)];
        try
        {
            while (true)
            {
                _server.Stream.Write(many);
            }
        }
        catch (IOException)
        {
            // The client has had enough.
        }
    }
}

using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Extended headers against the live front end.</summary>
public sealed class NbdExtendedLiveTests
{
    private const string Allocation = "base:allocation";
    private const string Durability = "x-blockemu:durability";

    private static NbdClient Open(NbdBench bench, string name, params string[] contexts)
    {
        NbdClient client = bench.Connect();
        client.UseExtendedHeaders();
        if (contexts.Length > 0)
        {
            Assert.Equal(contexts.Length, client.SelectContexts(name, contexts).Count);
        }

        client.Go(name);
        return client;
    }

    private static byte[] Request(
        NbdCommand command, ulong cookie, ulong length, NbdCommandFlags flags, ReadOnlySpan<byte> payload = default)
    {
        byte[] bytes = new byte[NbdExtendedRequestHeader.SizeBytes + payload.Length];
        NbdExtendedRequestHeader.Write(bytes, new NbdRequestHeader(flags, command, cookie, 0, length));
        payload.CopyTo(bytes.AsSpan(NbdExtendedRequestHeader.SizeBytes));
        return bytes;
    }

    private static NbdExtendedChunkHeader ReadHeader(Stream stream)
    {
        byte[] bytes = new byte[NbdExtendedChunkHeader.SizeBytes];
        stream.ReadExactly(bytes);
        Assert.True(NbdExtendedChunkHeader.TryRead(bytes, out NbdExtendedChunkHeader header));
        stream.ReadExactly(new byte[header.LengthBytes]);
        return header;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData((8 << 20) + 3)]
    [InlineData(64 << 20)]
    public async Task Q2_Y3_what_was_written_is_read_whatever_the_size(int sizeBytes)
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        byte[] written = NbdBench.Pattern(sizeBytes);
        Assert.Equal(NbdError.None, client.Write(1000, written, NbdCommandFlags.Fua));
        byte[] read = new byte[sizeBytes];
        Assert.Equal(NbdError.None, client.Read(1000, read));
        Assert.True(read.AsSpan().SequenceEqual(written));
        Assert.Equal(NbdError.None, client.Flush());
        client.Disconnect();
        Assert.Equal((0L, false), NbdBench.ReadToEnd(client.Stream));
    }

    [Fact]
    public async Task S7_Q2_one_request_trims_and_zeroes_and_maps_4_TiB()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "huge", Durability);
        Assert.Equal([new NbdStatusExtent((ulong)NbdBench.HugeBytes, 0)], client.BlockStatus(0, (ulong)NbdBench.HugeBytes).Extents[2]);
        Assert.Equal(NbdError.None, client.Trim(0, (ulong)NbdBench.HugeBytes));
        Assert.Equal([new NbdStatusExtent((ulong)NbdBench.HugeBytes, 2)], client.BlockStatus(0, (ulong)NbdBench.HugeBytes).Extents[2]);
        Assert.Equal(NbdError.None, client.WriteZeroes(512, (ulong)NbdBench.HugeBytes - 512, NbdCommandFlags.FastZero));
        Assert.Equal(NbdError.None, client.Cache(0, (ulong)NbdBench.HugeBytes));
        Assert.Equal(NbdError.None, client.Flush());
        Assert.Equal(NbdError.InvalidArgument, client.Trim(0, (ulong)NbdBench.HugeBytes + 1));
        Assert.Equal(NbdError.NoSpace, client.WriteZeroes(0, ulong.MaxValue));
    }

    [Fact]
    public async Task Y13_a_payload_picks_the_contexts_that_are_told()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Allocation, Durability);
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096)));
        NbdReply both = client.BlockStatus(0, 8192);
        Assert.Equal([NbdChunkType.BlockStatusExtended, NbdChunkType.BlockStatusExtended], both.Chunks);
        Assert.Equal([new NbdStatusExtent(4096, 0), new NbdStatusExtent(4096, 3)], both.Extents[1]);
        Assert.Equal([new NbdStatusExtent(4096, 2), new NbdStatusExtent(4096, 0)], both.Extents[2]);
        NbdReply one = client.BlockStatus(0, 8192, NbdCommandFlags.None, 2u);
        Assert.Equal([2u], one.Extents.Keys);
        Assert.Equal(both.Extents[2], one.Extents[2]);
        Assert.Equal([new NbdStatusExtent(4096, 2)], client.BlockStatus(0, 8192, NbdCommandFlags.RequestOne, 2u).Extents[2]);
        Assert.Equal([1u, 2u], client.BlockStatus(0, 8192, NbdCommandFlags.None, 2u, 1u).Extents.Keys.Order());
    }

    [Fact]
    public async Task Y13_a_bad_payload_is_read_over_and_refused_and_the_session_goes_on()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Allocation, Durability);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, 512, NbdCommandFlags.None, 3u).Error);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, 512, NbdCommandFlags.None, 1u, 1u).Error);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, 512, NbdCommandFlags.None, 1u, 2u, 1u).Error);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, ulong.MaxValue, NbdCommandFlags.None, 1u).Error);
        byte[] junk = NbdBench.Pattern(100_000);
        Assert.Equal(
            NbdError.InvalidArgument, client.Wait(client.Submit(NbdCommand.Trim, 0, 100_000, junk, NbdCommandFlags.PayloadLength)));
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Fact]
    public async Task Y13_a_payload_above_the_maximum_closes()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        client.Stream.Write(Request(NbdCommand.Trim, 1, (64 << 20) + 1, NbdCommandFlags.PayloadLength));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([(("nbd", "payload_too_long"), 1L)], bench.ProtocolErrors.Read());
    }

    // QEMU's client does not set it.
    [Fact]
    public async Task Q2_a_WRITE_without_PAYLOAD_LEN_has_a_payload_all_the_same()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        client.Stream.Write(
        [
            .. Request(NbdCommand.Write, 1, 512, NbdCommandFlags.None), .. NbdBench.Pattern(512),
            .. Request(NbdCommand.Flush, 2, 0, NbdCommandFlags.None),
        ]);
        Assert.Equal((1ul, NbdChunkType.None), (ReadHeader(client.Stream) is var written ? written.Cookie : 0, written.Type));
        Assert.Equal((2ul, NbdChunkType.None), (ReadHeader(client.Stream) is var flushed ? flushed.Cookie : 0, flushed.Type));
    }

    [Fact]
    public async Task Q2_Q3_a_compact_request_is_no_request_any_more()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Flush, 1, 0, 0), 0, 0, 0, 0]);
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([(("nbd", "bad_request_magic"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task P18_EXPORT_NAME_with_extended_headers_closes()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        client.UseExtendedHeaders();
        client.Haggling.SendOption(NbdOption.ExportName, "disk0"u8);
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([(("nbd", "export_name_forbidden"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task SEMANTICS_5_while_the_power_is_off_every_reply_echoes_its_offset_and_says_why()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Allocation);
        bench.First.OffBehaviour = OffBehaviour.Error;
        bench.First.Disk.Cut();
        Assert.Equal(NbdError.Shutdown, client.BlockStatus(8192, 512).Error);
        Assert.Equal(NbdError.Shutdown, client.BlockStatus(8192, 512, NbdCommandFlags.None, 1u).Error);
        Assert.Equal(NbdError.Shutdown, client.Read(4096, new byte[512]));
        Assert.Equal(NbdError.Shutdown, client.Write(4096, [1]));
    }

    [Fact]
    public async Task Many_extended_requests_in_flight_are_answered_each_once()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Durability);
        List<ulong> cookies = [];
        for (int i = 0; i < 2000; i++)
        {
            cookies.Add(client.Submit(NbdCommand.Write, (ulong)i * 512, 512, NbdBench.Pattern(512, (byte)i)));
            cookies.Add(client.Submit(NbdCommand.Read, (ulong)i * 512, 512));
        }

        byte[] scratch = new byte[512];
        Assert.All(cookies, c => Assert.Equal(NbdError.None, client.Wait(c, scratch)));
    }
}

using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Structured replies and BLOCK_STATUS against the live front end.</summary>
public sealed class NbdStructuredLiveTests
{
    private const string Allocation = "base:allocation";
    private const string Durability = "x-blockemu:durability";

    private static NbdClient Open(NbdBench bench, string name, params string[] contexts)
    {
        NbdClient client = bench.Connect();
        client.UseStructuredReplies();
        if (contexts.Length > 0)
        {
            Assert.Equal(contexts.Length, client.SelectContexts(name, contexts).Count);
        }

        client.Go(name);
        return client;
    }

    private static NbdReply Read(NbdClient client, ulong offset, byte[] destination, NbdCommandFlags flags = NbdCommandFlags.None) =>
        client.WaitForReply(client.Submit(NbdCommand.Read, offset, (uint)destination.Length, default, flags), destination);

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(262_116)]
    [InlineData((8 << 20) + 3)]
    [InlineData(64 << 20)]
    public async Task Y4_a_READ_is_one_data_chunk_whatever_its_size(int sizeBytes)
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        byte[] written = NbdBench.Pattern(sizeBytes);
        Assert.Equal(NbdError.None, client.Write(1024, written));
        byte[] read = new byte[sizeBytes];
        Assert.Equal([NbdChunkType.OffsetData], Read(client, 1024, read).Chunks);
        Assert.True(read.AsSpan().SequenceEqual(written));
    }

    [Fact]
    public async Task Y6_Y9_what_is_all_zero_is_a_hole_and_with_DF_it_is_data()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        Assert.Equal(NbdError.None, client.Write(65_536, [1]));
        byte[] read = new byte[65_536];
        read.AsSpan().Fill(7);
        Assert.Equal([NbdChunkType.OffsetHole], Read(client, 0, read).Chunks);
        Assert.All(read, b => Assert.Equal(0, b));
        Assert.Equal([NbdChunkType.OffsetData], Read(client, 0, read, NbdCommandFlags.DontFragment).Chunks);
        Assert.Equal([NbdChunkType.OffsetData], Read(client, 1, read).Chunks);
        Assert.Equal(1, read[^1]);
    }

    [Fact]
    public async Task Y5_success_without_data_is_one_NONE_chunk_also_for_a_READ_of_nothing()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        Assert.Equal([NbdChunkType.None], Read(client, 0, []).Chunks);
        Assert.Equal([NbdChunkType.None], client.WaitForReply(client.Submit(NbdCommand.Write, 0, 1, [1])).Chunks);
        Assert.Equal([NbdChunkType.None], client.WaitForReply(client.Submit(NbdCommand.Flush, 0, 0)).Chunks);
        Assert.Equal([NbdChunkType.None], client.WaitForReply(client.Submit(NbdCommand.Trim, 0, 4096)).Chunks);
    }

    [Fact]
    public async Task Y4_Y8_errors_are_chunks_with_a_sentence_and_where_it_is_known_a_place()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "");
        NbdReply past = Read(client, (ulong)NbdBench.DiskBytes - 512, new byte[1024]);
        Assert.Equal(
            (NbdError.InvalidArgument, (ulong?)NbdBench.DiskBytes, "the range does not lie inside the export"),
            (past.Error, past.ErrorOffsetBytes, past.Message));
        NbdReply flags = Read(client, 0, new byte[512], NbdCommandFlags.NoHole);
        Assert.Equal((NbdError.InvalidArgument, null), (flags.Error, flags.ErrorOffsetBytes));
        Assert.Contains("flags", flags.Message, StringComparison.Ordinal);
        NbdReply write = client.WaitForReply(client.Submit(NbdCommand.Write, (ulong)NbdBench.DiskBytes, 1, [1]));
        Assert.Equal((NbdError.NoSpace, NbdChunkType.Error), (write.Error, Assert.Single(write.Chunks)));
        using NbdClient readOnly = Open(bench, "ro");
        NbdReply refused = readOnly.WaitForReply(readOnly.Submit(NbdCommand.Write, 0, 1, [1]));
        Assert.Equal((NbdError.NotPermitted, "this export is read-only"), (refused.Error, refused.Message));
    }

    [Fact]
    public async Task Y11_Y12_Y14_a_map_tells_holes_zeroes_and_what_a_power_cut_would_take()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "huge", Allocation, Durability);
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(8192), NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.Write(8192, NbdBench.Pattern(512)));
        Assert.Equal(NbdError.None, client.Trim(16_384, 1 << 20));
        NbdReply reply = client.BlockStatus(4096, 1 << 30);
        Assert.Equal(
        [
            new NbdStatusExtent(4608, 0), new NbdStatusExtent(7680, 3), new NbdStatusExtent(1 << 20, 2),
            new NbdStatusExtent((1 << 30) - (1 << 20) - 12_288, 3),
        ],
            reply.Extents[1]);
        Assert.Equal(
        [
            new NbdStatusExtent(4096, 1), new NbdStatusExtent(512, 2), new NbdStatusExtent(7680, 0), new NbdStatusExtent(1 << 20, 2),
            new NbdStatusExtent((1 << 30) - (1 << 20) - 12_288, 0),
        ],
            reply.Extents[2]);
        Assert.Equal(NbdError.None, client.Flush());
        Assert.Equal(
            [new NbdStatusExtent(12_288, 1), new NbdStatusExtent(uint.MaxValue - 12_288, 0)], client.BlockStatus(0, uint.MaxValue).Extents[2]);
    }

    [Fact]
    public async Task Y11_REQ_ONE_tells_one_extent_of_each_context()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Allocation, Durability);
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096)));
        NbdReply reply = client.BlockStatus(512, 1 << 20, NbdCommandFlags.RequestOne);
        Assert.Equal([new NbdStatusExtent(3584, 0)], reply.Extents[1]);
        Assert.Equal([new NbdStatusExtent(3584, 2)], reply.Extents[2]);
        Assert.Equal([new NbdStatusExtent(100, 3)], client.BlockStatus(1 << 20, 100, NbdCommandFlags.RequestOne).Extents[1]);
    }

    [Fact]
    public async Task Y11_a_reply_ends_after_its_share_of_extents_and_the_next_goes_on_from_there()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Durability);
        for (int i = 0; i < BlockStatusCommand.MaxExtents; i++)
        {
            client.Write(i * 8192L, [1]);
        }

        IReadOnlyList<NbdStatusExtent> extents = client.BlockStatus(0, (uint)NbdBench.DiskBytes).Extents[2];
        Assert.Equal(BlockStatusCommand.MaxExtents, extents.Count);
        long next = extents.Sum(e => (long)e.LengthBytes);
        Assert.Equal(BlockStatusCommand.MaxExtents / 2 * 8192, next);
        Assert.Equal(2ul, client.BlockStatus(next, 8192).Extents[2][0].Status);
    }

    [Fact]
    public async Task S5_Y11_extents_keep_to_the_minimum_block()
    {
        await using var bench = new NbdBench(minimumBlockBytes: 4096);
        using NbdClient client = Open(bench, "", Allocation, Durability);
        long epoch = bench.First.Disk.PowerEpoch;
        bench.First.Disk.Write(epoch, 4096, NbdBench.Pattern(4096), fua: true);
        bench.First.Disk.Write(epoch, 4608, NbdBench.Pattern(512), fua: false);
        NbdReply reply = client.BlockStatus(0, 16_384);
        Assert.Equal([new NbdStatusExtent(4096, 0), new NbdStatusExtent(4096, 2), new NbdStatusExtent(8192, 0)], reply.Extents[2]);
        Assert.Equal([new NbdStatusExtent(4096, 3), new NbdStatusExtent(4096, 0), new NbdStatusExtent(8192, 3)], reply.Extents[1]);
        Assert.Equal([new NbdStatusExtent(4096, 2)], client.BlockStatus(4096, 8192, NbdCommandFlags.RequestOne).Extents[2]);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(512, 4096).Error);
    }

    [Fact]
    public async Task P17_BLOCK_STATUS_without_a_context_or_a_length_is_refused_and_the_session_goes_on()
    {
        await using var bench = new NbdBench();
        using NbdClient bare = Open(bench, "");
        Assert.Equal(NbdError.InvalidArgument, bare.BlockStatus(0, 512).Error);
        using NbdClient client = Open(bench, "", Allocation);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, 0).Error);
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(NbdBench.DiskBytes, 512).Error);
        Assert.Equal(NbdError.None, client.BlockStatus(NbdBench.DiskBytes - 512, 512).Error);
    }

    [Fact]
    public async Task SEMANTICS_5_while_the_power_is_off_everything_is_answered_with_an_error_chunk()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Allocation);
        bench.First.OffBehaviour = OffBehaviour.Error;
        bench.First.Disk.Cut();
        foreach (NbdReply reply in new[] { client.BlockStatus(0, 512), Read(client, 0, new byte[512]) })
        {
            Assert.Equal((NbdError.Shutdown, "the power of this disk is off"), (reply.Error, reply.Message));
        }

        Assert.Equal(NbdError.Shutdown, client.Write(0, [1]));
    }

    [Fact]
    public async Task Q5_many_structured_requests_in_flight_are_answered_each_once()
    {
        await using var bench = new NbdBench();
        using NbdClient client = Open(bench, "", Durability);
        List<ulong> cookies = [];
        for (int i = 0; i < 3000; i++)
        {
            cookies.Add(client.Submit(NbdCommand.Write, (ulong)i * 512, 512, NbdBench.Pattern(512, (byte)i)));
            cookies.Add(client.Submit(NbdCommand.BlockStatus, (ulong)i * 512, 512));
            cookies.Add(client.Submit(NbdCommand.Read, (ulong)i * 512, 512));
        }

        byte[] scratch = new byte[512];
        Assert.All(cookies, c => Assert.Equal(NbdError.None, client.Wait(c, scratch)));
    }
}

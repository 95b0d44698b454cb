using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>What has brought other servers down, played as it was. Those that need no socket are in
/// <c>NbdHostileNegotiationTests</c>.</summary>
public sealed class NbdCveLiveTests
{
    private const ulong FourGiB = 1ul << 32;

    private static byte[] Option(NbdOption option, ReadOnlySpan<byte> data)
    {
        byte[] bytes = new byte[NbdOptionHeader.SizeBytes + data.Length];
        new NbdOptionHeader(option, (uint)data.Length).Write(bytes);
        data.CopyTo(bytes.AsSpan(NbdOptionHeader.SizeBytes));
        return bytes;
    }

    [Fact]
    public async Task N24_a_client_that_has_not_chosen_costs_no_disk_anything()
    {
        // CVE-2019-14850: nbdkit opened the back end before the client had negotiated.
        await using var bench = new NbdBench();
        List<NbdClient> clients = [];
        for (int i = 0; i < 50; i++)
        {
            NbdClient client = bench.Connect();
            client.Info("disk0");
            client.Info("huge");
            clients.Add(client);
        }

        Assert.Equal(0, bench.First.Meter.ConnectionCount + bench.Huge.Meter.ConnectionCount);
        Assert.Equal(0, bench.FrontEnd.RoomCount);
        clients.ForEach(c => c.Dispose());
    }

    [Theory]
    [InlineData("haggling")]
    [InlineData("half an option")]
    [InlineData("half a request")]
    [InlineData("half a payload")]
    [InlineData("idle")]
    [InlineData("not reading")]
    public async Task N27_E4_clients_that_keep_a_socket_half_way_hold_up_no_cut_and_no_stop(string way)
    {
        // CVE-2024-7409: qemu went down when its NBD server was stopped under a client that kept a socket open.
        await using var bench = new NbdBench();
        List<Stream> kept = [.. Enumerable.Range(0, 8).Select(_ => HalfOpen(bench, way))];
        bench.First.OffBehaviour = OffBehaviour.Reset;
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        bench.First.Disk.PowerOn();
        using (NbdClient good = bench.Open())
        {
            Assert.Equal(NbdError.None, good.Flush());
        }

        kept.AddRange(Enumerable.Range(0, 8).Select(_ => HalfOpen(bench, way)));
        await bench.FrontEnd.StopAsync(TimeSpan.FromMilliseconds(100)).WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(0, bench.FrontEnd.CountConnections(bench.First));
        kept.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task N27_a_disk_is_deleted_under_clients_of_every_kind()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "name=gone,size=80M", "--disk", "name=stays,size=1M", "--nbd", "127.0.0.1:0");
        List<NbdClient> clients = [];
        foreach (string name in new[] { "gone", "gone", "stays" })
        {
            NbdClient client = NbdClient.Connect(server.Host.NbdEndpoints[0].EndPoint, NbdBench.Patience);
            client.Go(name);
            clients.Add(client);
        }

        using NbdClient haggling = NbdClient.Connect(server.Host.NbdEndpoints[0].EndPoint, NbdBench.Patience);
        haggling.Info("gone");
        clients[0].Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, 4096, new byte[10]));
        for (ulong i = 0; i < 16; i++)
        {
            clients[1].Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, 32 << 20));
        }

        Assert.Equal(409, (await server.SendAsync(HttpMethod.Delete, "/api/v1/disks/gone")).Status);
        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "/api/v1/disks/gone?force=true")).Status);
        Assert.Equal(NbdOptionReplyType.ErrorUnknown, Assert.Throws<NbdNegotiationException>(() => haggling.Go("gone")).Error);
        Assert.Equal(0, NbdBench.ReadToEnd(clients[0].Stream).Bytes);
        Assert.True(NbdBench.ReadToEnd(clients[1].Stream).Bytes < 16L * (32 << 20));
        Assert.Equal(NbdError.None, clients[2].Flush());
        clients.ForEach(c => c.Dispose());
    }

    [Theory]
    [InlineData(OffBehaviour.Reset)]
    [InlineData(OffBehaviour.Hang)]
    [InlineData(OffBehaviour.Error)]
    public async Task A_disk_that_is_deleted_leaves_nothing_behind_in_the_front_end(OffBehaviour behaviour)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        bench.First.OffBehaviour = behaviour;
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
        Assert.Equal(1, bench.FrontEnd.RoomCount);
        Assert.True(bench.Disks.TryRemove(bench.First));
        bench.First.OffBehaviour = OffBehaviour.Reset;
        bench.FrontEnd.Silence(bench.First);
        Assert.Equal(0, bench.FrontEnd.RoomCount);
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);

        // A connection that had found the disk before it was removed, and comes for its room only now.
        Assert.Null(bench.FrontEnd.FindRoom(bench.First));
        Assert.Equal(0, bench.FrontEnd.RoomCount);
        bench.First.Disk.Dispose();
    }

    [Theory]
    [InlineData(0ul, 0xFFFF_FFFFul)]
    [InlineData(0ul, 0xFFFF_FE00ul)]
    [InlineData(1ul, 0xFFFF_FFFFul)]
    [InlineData(FourGiB - 512, 0xFFFF_FE00ul)]
    [InlineData(FourGiB - 1, 0xFFFF_FFFFul)]
    public async Task N30_a_map_of_the_most_that_fits_32_bits_does_not_go_beyond_them(ulong offset, ulong length)
    {
        // CVE-2025-47711: nbdkit's plugin answered with more than was asked for, which no longer fitted.
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        client.UseStructuredReplies();
        Assert.Equal(2, client.SelectContexts("huge", "base:allocation", "x-blockemu:durability").Count);
        client.Go("huge");
        foreach (NbdCommandFlags flags in new[] { NbdCommandFlags.None, NbdCommandFlags.RequestOne })
        {
            NbdReply reply = client.BlockStatus((long)offset, length, flags);
            Assert.Equal([new NbdStatusExtent(length, 3)], reply.Extents[1]);
            Assert.Equal([new NbdStatusExtent(length, 0)], reply.Extents[2]);
        }
    }

    [Theory]
    [InlineData(FourGiB - 4096)]
    [InlineData(FourGiB)]
    [InlineData(FourGiB + 4096)]
    [InlineData(2 * FourGiB)]
    [InlineData(3 * FourGiB)]
    [InlineData((1ul << 42) - 65_536)]
    [InlineData(1ul << 42)]
    public async Task N30_with_extended_headers_a_map_has_64_bits(ulong length)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        client.UseExtendedHeaders();
        Assert.Single(client.SelectContexts("huge", "x-blockemu:durability"));
        client.Go("huge");
        Assert.Equal([new NbdStatusExtent(length, 0)], client.BlockStatus(0, length).Extents[2]);
        Assert.Equal(NbdError.None, client.Trim(0, length, NbdCommandFlags.None));
        Assert.Equal([new NbdStatusExtent(length, 2)], client.BlockStatus(0, length, NbdCommandFlags.RequestOne).Extents[2]);
    }

    [Theory]
    [InlineData(NbdReplyStyle.Structured, FourGiB - 65_536)]
    [InlineData(NbdReplyStyle.Extended, FourGiB - 65_536)]
    [InlineData(NbdReplyStyle.Extended, FourGiB)]
    [InlineData(NbdReplyStyle.Extended, (1ul << 42) - 65_536)]
    public async Task N31_a_map_of_very_much_on_a_coarse_grid_is_whole_and_on_the_grid(NbdReplyStyle style, ulong length)
    {
        // CVE-2025-47712: nbdkit's blocksize filter rounded a length near 4 GiB up, to none.
        await using var bench = new NbdBench();
        bench.Serve(new Device.Geometry.DiskOptions { Name = "coarse", SizeBytes = NbdBench.HugeBytes }, 65_536);
        using NbdClient client = bench.Connect();
        NbdBench.Use(client, style);
        Assert.Single(client.SelectContexts("coarse", "x-blockemu:durability"));
        client.Go("coarse");
        Assert.Equal(NbdError.None, client.Write(65_536, NbdBench.Pattern(65_536)));
        Assert.Equal([new NbdStatusExtent(length - 65_536, 0)], client.BlockStatus(131_072, length - 65_536).Extents[2]);
        Assert.Equal(
            [new NbdStatusExtent(65_536, 0), new NbdStatusExtent(65_536, 2), new NbdStatusExtent(length - 131_072, 0)],
            client.BlockStatus(0, length).Extents[2]);
        Assert.Equal([new NbdStatusExtent(65_536, 0)], client.BlockStatus(0, length, NbdCommandFlags.RequestOne).Extents[2]);
    }

    [Fact]
    public async Task N17_STARTTLS_and_a_GO_behind_it_are_two_options()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        client.Stream.Write([.. Option(NbdOption.StartTls, []), .. Option(NbdOption.Go, NbdInfoRequest.Format("disk0", []))]);
        Assert.Equal(NbdOptionReplyType.ErrorPolicy, client.Haggling.ReadReply(NbdOption.StartTls).Type);
        Assert.Equal(NbdOptionReplyType.Info, client.Haggling.ReadReply(NbdOption.Go).Type);
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.ReadReply(NbdOption.Go).Type);
        Assert.Equal(NbdError.None, client.Flush());
    }

    private static NetworkStream HalfOpen(NbdBench bench, string way)
    {
        if (way is "haggling" or "half an option")
        {
            NetworkStream stream = bench.OpenStream();
            stream.Write(way == "haggling" ? [0, 0] : [0, 0, 0, 3, .. Option(NbdOption.Go, new byte[100]).AsSpan(0, 50)]);
            return stream;
        }

        NbdClient client = bench.Open();
        byte[] write = NbdBench.Request(NbdCommand.Write, 1, 0, 1 << 20, new byte[1000]);
        for (int i = 0; way == "not reading" && i < 8; i++)
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Read, 1, 0, 32 << 20));
        }

        client.Stream.Write(way switch
        {
            "half a request" => write.AsSpan(0, 20),
            "half a payload" => write,
            _ => [],
        });
        return (NetworkStream)client.Stream;
    }
}

using System.Net;
using System.Net.Sockets;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Size constraints and offers, for clients that ask and for those that don't.</summary>
public sealed class NbdSizesLiveTests
{
    private const int Defaults = 32 << 20;

    /// <summary>A client that asks for nothing besides what it must be told, as nbd-client does.</summary>
    private static NbdClient OpenUnasked(NbdBench bench, string name)
    {
        NbdClient client = bench.Connect();
        client.Haggling.SendOption(NbdOption.Go, NbdInfoRequest.Format(name, []));
        Assert.Equal(NbdOptionReplyType.Info, client.Haggling.ReadReply(NbdOption.Go).Type);
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.ReadReply(NbdOption.Go).Type);
        return client;
    }

    [Fact]
    public async Task W1_replies_leave_at_once_over_TCP_and_the_port_is_NBDs()
    {
        Assert.Equal(ServerOptions.DefaultNbd, $"127.0.0.1:{NbdLimits.DefaultPort}");
        Assert.Equal(10809, NbdLimits.DefaultPort);
        await using var bench = new NbdBench();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using NetworkStream stream = NbdClient.OpenStream(listener.LocalEndPoint!, NbdBench.Patience);
        Socket accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        using ClientSocket link = new(accepted);
        Task ended = bench.FrontEnd.ServeAsync(link);
        stream.ReadExactly(new byte[NbdGreeting.SizeBytes]);
        Assert.True(accepted.NoDelay);
        stream.Dispose();
        await ended;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task T1_ROTATIONAL_is_told_of_a_disk_that_is_said_to_turn(bool turns)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", turns ? "size=1M,rotational" : "size=1M", "--nbd", "127.0.0.1:0");
        using NbdClient client = NbdClient.Connect(server.Host.NbdEndpoints[0].EndPoint, NbdBench.Patience);
        Assert.Equal(turns, client.Go("disk0").Flags.HasFlag(NbdTransmissionFlags.Rotational));
        Assert.Equal(turns, (await server.GetAsync("/api/v1/disks/disk0")).IsOk().GetProperty("rotational").GetBoolean());
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096)));
    }

    [Fact]
    public async Task S3_a_size_that_is_no_multiple_of_the_minimum_block_is_refused_by_name()
    {
        StartupException given = await Assert.ThrowsAsync<StartupException>(
            () => TestServer.StartAsync("--disk", "size=1052672,minblock=64K"));
        Assert.Contains("minblock", given.Message, StringComparison.Ordinal);
        using TempFolder folder = new();
        string image = folder.WriteZeroes("image", 1_052_672);
        StartupException taken = await Assert.ThrowsAsync<StartupException>(
            () => TestServer.StartAsync("--disk", $"medium=file:{image},minblock=64K"));
        Assert.Contains("minblock", taken.Message, StringComparison.Ordinal);
        await using TestServer fits = await TestServer.StartAsync("--disk", $"medium=file:{image},minblock=4K");
        Assert.Equal(1_052_672, fits.Disk().SizeBytes);
    }

    [Fact]
    public async Task S1_a_client_that_was_told_no_sizes_may_use_the_defaults()
    {
        Assert.Equal(new NbdBlockSizes(1, 4096, Defaults), NbdBlockSizes.Default);
        await using var bench = new NbdBench();
        using NbdClient client = OpenUnasked(bench, "huge");
        byte[] written = NbdBench.Pattern(Defaults);
        Assert.Equal(NbdError.None, client.Write(1, written));
        byte[] read = new byte[Defaults];
        Assert.Equal(NbdError.None, client.Read(1, read));
        Assert.True(read.AsSpan().SequenceEqual(written));
        Assert.Equal(NbdError.None, client.Read(7, read.AsSpan(0, 1)));
        using NbdClient tiny = OpenUnasked(bench, "ro");
        Assert.Equal(NbdError.InvalidArgument, tiny.Read(0, read));
        Assert.Equal(NbdError.NotPermitted, tiny.Write(0, written));
        Assert.Equal(NbdError.None, tiny.Read(0, read.AsSpan(0, 1 << 20)));
    }

    [Fact]
    public async Task P12_nobody_has_to_ask_for_the_block_size()
    {
        await using var bench = new NbdBench(minimumBlockBytes: 4096);
        using NbdClient client = OpenUnasked(bench, "disk0");
        Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(4096)));
        using NbdClient oldest = bench.Connect();
        oldest.ExportName("disk0");
        Assert.Equal(NbdError.None, oldest.Read(4096, new byte[4096]));
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(512, 4096)]
    [InlineData(1, 1)]
    [InlineData(0, 4097)]
    public async Task S4_P12_requests_off_the_grid_of_a_client_that_never_asked_are_EINVAL_and_change_nothing(long offset, int length)
    {
        await using var bench = new NbdBench(minimumBlockBytes: 4096);
        using NbdClient client = OpenUnasked(bench, "disk0");
        byte[] expected = NbdBench.Pattern(16_384);
        Assert.Equal(NbdError.None, client.Write(0, expected));
        Assert.Equal(NbdError.InvalidArgument, client.Write(offset, NbdBench.Pattern(length, 99)));
        Assert.Equal(NbdError.InvalidArgument, client.Read(offset, new byte[length]));
        Assert.Equal(NbdError.InvalidArgument, client.Trim(offset, (ulong)length));
        Assert.Equal(NbdError.InvalidArgument, client.WriteZeroes(offset, (ulong)length));
        Assert.Equal(NbdError.InvalidArgument, client.Cache(offset, (ulong)length));
        byte[] read = new byte[16_384];
        Assert.Equal(NbdError.None, client.Read(0, read));
        Assert.Equal(expected, read);
    }

    [Fact]
    public void S2_what_is_told_of_sizes_keeps_the_rules()
    {
        using Disk disk = new(new DiskOptions { Name = "x", SizeBytes = 1 << 20 });
        for (int minimum = 1; minimum <= 65_536; minimum *= 2)
        {
            foreach (int maximum in new[] { 1 << 20, (1 << 20) + 1, 32 << 20, 64 << 20 })
            {
                NbdBlockSizes sizes = ExportDescription.Describe(
                    new ServedDisk(disk) { NbdMinimumBlockBytes = minimum, NbdMaximumPayloadBytes = maximum }).BlockSizes;
                Assert.Equal((uint)minimum, sizes.MinimumBytes);
                Assert.True(uint.IsPow2(sizes.PreferredBytes));
                Assert.InRange(sizes.PreferredBytes, Math.Max(sizes.MinimumBytes, 512), sizes.MaximumPayloadBytes);
                Assert.Equal((uint)maximum, sizes.MaximumPayloadBytes);
            }
        }
    }

    [Fact]
    public async Task S3_the_largest_disk_is_served_to_its_last_byte()
    {
        await using var bench = new NbdBench();
        bench.Serve(new DiskOptions { Name = "largest", SizeBytes = DiskOptions.MaxSizeBytes, BlockSizeBytes = 4096 }, 65_536 / 16);
        using NbdClient client = bench.Open("largest");
        Assert.Equal(DiskOptions.MaxSizeBytes, client.Export!.SizeBytes);
        Assert.Equal(0, client.Export.SizeBytes % client.Export.BlockSizes.MinimumBytes);
        Assert.Equal(NbdError.None, client.Write(DiskOptions.MaxSizeBytes - 4096, NbdBench.Pattern(4096), NbdCommandFlags.Fua));
        byte[] read = new byte[4096];
        Assert.Equal(NbdError.None, client.Read(DiskOptions.MaxSizeBytes - 4096, read));
        Assert.Equal(NbdBench.Pattern(4096), read);
        Assert.Equal(NbdError.NoSpace, client.Write(DiskOptions.MaxSizeBytes, read));
    }

    [Theory]
    [InlineData(NbdTransmissionFlags.SendFlush, NbdCommand.Flush, NbdCommandFlags.None)]
    [InlineData(NbdTransmissionFlags.SendFua, NbdCommand.Write, NbdCommandFlags.Fua)]
    [InlineData(NbdTransmissionFlags.SendTrim, NbdCommand.Trim, NbdCommandFlags.None)]
    [InlineData(NbdTransmissionFlags.SendWriteZeroes, NbdCommand.WriteZeroes, NbdCommandFlags.NoHole)]
    [InlineData(NbdTransmissionFlags.SendFastZero, NbdCommand.WriteZeroes, NbdCommandFlags.FastZero)]
    [InlineData(NbdTransmissionFlags.SendCache, NbdCommand.Cache, NbdCommandFlags.None)]
    [InlineData(NbdTransmissionFlags.SendDf, NbdCommand.Read, NbdCommandFlags.DontFragment)]
    [InlineData(NbdTransmissionFlags.SendResize, NbdCommand.Resize, NbdCommandFlags.None)]
    [InlineData(NbdTransmissionFlags.BlockStatusPayload, NbdCommand.BlockStatus, NbdCommandFlags.PayloadLength)]
    public async Task T2_what_is_offered_is_kept_and_what_is_not_is_EINVAL(
        NbdTransmissionFlags flag, NbdCommand command, NbdCommandFlags flags)
    {
        await using var bench = new NbdBench();
        foreach (NbdReplyStyle style in Enum.GetValues<NbdReplyStyle>())
        {
            using NbdClient client = bench.Connect();
            NbdBench.Use(client, style);
            bool isOffered = client.Go("disk0").Flags.HasFlag(flag);
            byte[] payload = command == NbdCommand.Write ? new byte[512] : [];
            uint length = command is NbdCommand.Flush or NbdCommand.BlockStatus or NbdCommand.Resize ? 0u : 512u;
            NbdError error = client.Wait(client.Submit(command, 0, length, payload, flags), new byte[512]);
            Assert.Equal(isOffered ? NbdError.None : NbdError.InvalidArgument, error);
            Assert.Equal(NbdError.None, client.Flush());
        }
    }
}

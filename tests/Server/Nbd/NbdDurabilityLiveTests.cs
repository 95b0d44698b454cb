using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>FUA, flush and order over the wire, and what a power cut leaves of it.</summary>
public sealed class NbdDurabilityLiveTests
{
    private static void CutAndReturn(NbdBench bench)
    {
        bench.First.Disk.Cut();
        bench.First.Disk.PowerOn();
    }

    private static byte[] Read(NbdBench bench, long offset, int length)
    {
        using NbdClient client = bench.Open();
        byte[] read = new byte[length];
        Assert.Equal(NbdError.None, client.Read(offset, read));
        return read;
    }

    [Theory]
    [InlineData(NbdCommand.Trim, NbdCommandFlags.None)]
    [InlineData(NbdCommand.WriteZeroes, NbdCommandFlags.None)]
    [InlineData(NbdCommand.WriteZeroes, NbdCommandFlags.NoHole)]
    [InlineData(NbdCommand.WriteZeroes, NbdCommandFlags.FastZero)]
    public async Task F5_FUA_on_TRIM_and_WRITE_ZEROES_covers_their_effect(NbdCommand command, NbdCommandFlags flags)
    {
        await using var bench = new NbdBench();
        using (NbdClient client = bench.Open())
        {
            Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(65_536), NbdCommandFlags.Fua));
            Assert.Equal(NbdError.None, client.Wait(client.Submit(command, 0, 16_384, default, flags | NbdCommandFlags.Fua)));
            Assert.Equal(NbdError.None, client.Wait(client.Submit(command, 32_768, 16_384, default, flags)));
        }

        CutAndReturn(bench);
        byte[] expected = NbdBench.Pattern(65_536);
        expected.AsSpan(0, 16_384).Clear();
        Assert.Equal(expected, Read(bench, 0, 65_536));
    }

    [Fact]
    public async Task F5_FUA_on_a_TRIM_that_does_nothing_succeeds()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.None, client.Trim(0, 0, NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.Trim(1, 510, NbdCommandFlags.Fua));
    }

    [Fact]
    public async Task F7_overlapping_writes_in_flight_come_in_any_order_and_each_atom_whole()
    {
        await using var bench = new NbdBench();
        AtomicityParameters atomicity = new() { AwunBytes = 8192, AwupfBytes = 8192, AcwuBytes = 8192 };
        ServedDisk atoms = bench.Serve(new DiskOptions { Name = "atoms", SizeBytes = 1 << 20, Atomicity = atomicity });
        const ulong seed = 20_260_601;
        for (ulong round = 0; round < 40; round++)
        {
            using NbdClient a = bench.Open("atoms");
            using NbdClient b = bench.Open("atoms", unix: true);
            byte first = (byte)((2 * round) + 1);
            byte second = (byte)((2 * round) + 2);
            await Task.WhenAll(
                Task.Run(() => Assert.Equal(NbdError.None, a.Write(0, Filled(8192, first)))),
                Task.Run(() => Assert.Equal(NbdError.None, b.Write(4096, Filled(8192, second)))));
            byte[] now = Thirds(bench);
            Assert.Equal((first, second), (now[0], now[2]));
            Assert.Contains(now[1], new[] { first, second });
            atoms.Disk.Cut(SplitMix64.Mix(seed + round), LossModel.Random(0.5));
            atoms.Disk.PowerOn();
            byte[] left = Thirds(bench);
            bool isFirstWhole = left[0] != first || left[1] == first || (left[1] == second && left[2] == second);
            bool isSecondWhole = left[2] != second || left[1] == second || (left[1] == first && left[0] == first);
            Assert.True(isFirstWhole && isSecondWhole, $"{left[0]} {left[1]} {left[2]} of {first} and {second}, round {round}, seed {seed}");
        }
    }

    /// <summary>The value of each 4 KiB that the two writes of a round touch: each must be one value throughout.</summary>
    private static byte[] Thirds(NbdBench bench)
    {
        using NbdClient client = bench.Open("atoms");
        byte[] read = new byte[12_288];
        Assert.Equal(NbdError.None, client.Read(0, read));
        byte[] thirds = [read[0], read[4096], read[8192]];
        Assert.Equal([.. Filled(4096, thirds[0]), .. Filled(4096, thirds[1]), .. Filled(4096, thirds[2])], read);
        return thirds;
    }

    [Theory]
    [InlineData(0L, false)]
    [InlineData(64L << 20, false)]
    [InlineData(64L << 20, true)]
    public void F9_no_export_passes_for_write_through_by_leaving_a_flag_out(long cacheBytes, bool isReadOnly)
    {
        using Disk disk = new(new DiskOptions { Name = "x", SizeBytes = 1 << 20, CacheBytes = cacheBytes, IsReadOnly = isReadOnly });
        NbdTransmissionFlags flags = ExportDescription.Describe(new ServedDisk(disk)).Flags;
        Assert.Equal(
            NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua, flags & (NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua));
    }

    [Fact]
    public async Task F10_every_export_offers_several_connections_and_one_flush_covers_them_all_on_any_listener()
    {
        await using var bench = new NbdBench();
        using (NbdClient look = bench.Connect())
        {
            Assert.All(look.List(), e => Assert.True(look.Info(e.Name).Flags.HasFlag(NbdTransmissionFlags.CanMultiConn), e.Name));
        }

        for (int i = 0; i < 8; i++)
        {
            using NbdClient writer = bench.Open(unix: i % 2 == 0);
            Assert.Equal(NbdError.None, writer.Write(i * 4096, NbdBench.Pattern(4096, (byte)i)));
        }

        using (NbdClient flusher = bench.Open())
        {
            Assert.Equal(NbdError.None, flusher.Flush());
        }

        CutAndReturn(bench);
        Assert.Equal(Enumerable.Range(0, 8).SelectMany(i => NbdBench.Pattern(4096, (byte)i)), Read(bench, 0, 8 * 4096));
    }

    [Theory]
    [InlineData(NbdCommandFlags.None)]
    [InlineData(NbdCommandFlags.NoHole)]
    [InlineData(NbdCommandFlags.FastZero)]
    public async Task Q11_WRITE_ZEROES_reads_as_zero_to_the_byte_and_TRIM_touches_nothing_beside_its_range(NbdCommandFlags flags)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        byte[] expected = NbdBench.Pattern(65_536);
        Assert.Equal(NbdError.None, client.Write(0, expected));
        Assert.Equal(NbdError.None, client.WriteZeroes(1000, 10_001, flags));
        expected.AsSpan(1000, 10_001).Clear();
        byte[] read = new byte[65_536];
        Assert.Equal(NbdError.None, client.Read(0, read));
        Assert.Equal(expected, read);

        // It rounds inwards: what is not a whole block of the range stays as it was.
        Assert.Equal(NbdError.None, client.Trim(20_001, 10_000));
        Assert.Equal(NbdError.None, client.Read(0, read));
        expected.AsSpan(20_480, 29_696 - 20_480).Clear();
        Assert.Equal(expected, read);
        Assert.Equal(NbdError.None, client.Flush());
        CutAndReturn(bench);
        Assert.Equal(expected, Read(bench, 0, 65_536));
    }

    [Fact]
    public async Task Q13_CACHE_changes_neither_what_is_read_nor_what_a_cut_takes()
    {
        await using var bench = new NbdBench();
        using (NbdClient client = bench.Open())
        {
            Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096), NbdCommandFlags.Fua));
            Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(4096)));
            long pending = bench.First.Disk.GetStatistics().PendingCommands;
            Assert.Equal(NbdError.None, client.Cache(0, NbdBench.DiskBytes));
            Assert.Equal(NbdError.None, client.Cache(4096, 4096, NbdCommandFlags.Fua));
            Assert.Equal(NbdError.InvalidArgument, client.Cache(0, 512, NbdCommandFlags.NoHole));
            Assert.Equal(NbdError.InvalidArgument, client.Cache(NbdBench.DiskBytes, 512));
            Assert.Equal(pending, bench.First.Disk.GetStatistics().PendingCommands);
        }

        Assert.Equal(NbdBench.Pattern(4096), Read(bench, 4096, 4096));
        CutAndReturn(bench);
        Assert.Equal([.. NbdBench.Pattern(4096), .. new byte[4096]], Read(bench, 0, 8192));
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}

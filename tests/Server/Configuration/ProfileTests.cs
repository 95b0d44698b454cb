using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Tests.Configuration;

/// <summary>Each profile shows what it is named for, on a disk made from it.</summary>
public sealed class ProfileTests
{
    private const int Recuts = 60;
    private const int Sector = 512;

    public static TheoryData<string> Names() => [.. Profile.AllNames.Split(", ")];

    [Fact]
    public void There_are_ten_at_least() => Assert.True(Names().Count >= 10);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_profile_makes_a_disk_and_gives_way_to_what_is_said(string name)
    {
        Assert.Equal(Make(name).Options, Make(name).Options);
        foreach (string text in (string[])[$"size=64M,seed=1,profile={name},loss=fifo", $"size=64M,seed=1,loss=fifo,profile={name}"])
        {
            DiskSpec? spec = DiskSpecText.Parse(text, "d", out IReadOnlyList<Fault> faults);
            Assert.Empty(faults);
            Assert.Equal(LossModel.Fifo, spec!.Options.Loss);
        }
    }

    [Fact]
    public void One_that_is_not_there_is_named()
    {
        Assert.Null(DiskSpecText.Parse("size=1M,profile=ssd", "d", out IReadOnlyList<Fault> faults));
        Fault fault = Assert.Single(faults);
        Assert.Equal("profile", fault.Field);
        Assert.Contains("'ssd' is none of advanced-format, ", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Spec_minimum_loses_all_that_was_not_flushed_and_keeps_sectors_only()
    {
        using Disk disk = Open("spec-minimum");
        Write(disk, 0, 4096, 1);
        CutReport report = disk.Cut();
        Assert.Equal(8, Assert.Single(report.Pending).AtomCount);
        Assert.Equal(0, Count(disk, 0, 4096, 1));
    }

    [Fact]
    public void A_consumers_ssd_keeps_4_KiB_whole_and_any_part_of_the_rest()
    {
        using Disk disk = Open("consumer-ssd");
        for (int i = 0; i < 64; i++)
        {
            Write(disk, i * 4096, 4096, 1);
        }

        CutReport report = disk.Cut();
        Assert.True(report.CommandsKept > 0 && report.CommandsLost > 0 && report.CommandsTorn == 0, $"{report.CommandsKept} kept");
        Assert.True(IsTornInSomeCut(Open("consumer-ssd"), 0, 8192));
    }

    [Fact]
    public void A_drive_with_capacitors_keeps_what_it_acknowledged()
    {
        using Disk disk = Open("enterprise-plp");
        Write(disk, 0, 1 << 20, 1);
        disk.Cut();
        Assert.Equal(1 << 20, Count(disk, 0, 1 << 20, 1));
    }

    [Fact]
    public void A_databases_drive_keeps_16_KiB_whole_at_any_place()
    {
        Assert.False(IsTornInSomeCut(Open("database-16k"), 63 * Sector, 16 << 10));
        Assert.True(IsTornInSomeCut(Open("database-16k"), 0, 32 << 10));
    }

    [Theory]
    [InlineData("cloud-volume", false)]
    [InlineData("hdd-write-through", true)]
    public void Without_a_cache_what_is_acknowledged_is_there(string name, bool isRotational)
    {
        using Disk disk = Open(name);
        Assert.Equal(isRotational, Make(name).IsRotational);
        Write(disk, 4096, 64 << 10, 1);
        Assert.Empty(disk.Cut(loss: LossModel.LoseAll).Pending);
        Assert.Equal(64 << 10, Count(disk, 4096, 64 << 10, 1));
    }

    [Fact]
    public void A_disk_that_turns_tears_at_sectors()
    {
        Assert.True(Make("hdd").IsRotational);
        Assert.True(IsTornInSomeCut(Open("hdd"), 0, 4096));
        Assert.False(IsTornInSomeCut(Open("hdd"), 0, Sector));
    }

    [Fact]
    public void Advanced_format_tears_at_4096_bytes_only()
    {
        Assert.False(IsTornInSomeCut(Open("advanced-format"), 0, 4096));
        Assert.True(IsTornInSomeCut(Open("advanced-format"), 0, 8192));
    }

    [Fact]
    public void An_ordered_device_leaves_a_prefix()
    {
        using Disk disk = Open("ordered-device");
        for (int i = 0; i < 32; i++)
        {
            Write(disk, i * 4096, 4096, 1);
        }

        disk.Cut();
        HashSet<int> lengths = [];
        for (ulong seed = 1; seed <= Recuts; seed++)
        {
            disk.Recut(seed);
            int kept = 0;
            while (kept < 32 && Count(disk, kept * 4096, 4096, 1) == 4096)
            {
                kept++;
            }

            Assert.Equal(0, Count(disk, kept * 4096, (32 - kept) * 4096, 1));
            lengths.Add(kept);
        }

        Assert.True(lengths.Count > 5);
    }

    [Fact]
    public void Whole_commands_are_never_torn() => Assert.False(IsTornInSomeCut(Open("whole-commands"), 63 * Sector, 4 << 20));

    [Fact]
    public void Bounded_units_tear_where_they_cross_a_border()
    {
        Assert.False(IsTornInSomeCut(Open("bounded-units"), (128 << 10) - (16 << 10), 16 << 10));
        Assert.True(IsTornInSomeCut(Open("bounded-units"), (128 << 10) - (8 << 10), 16 << 10));
    }

    [Fact]
    public void A_controllers_battery_keeps_the_newest_whatever_its_disks_lose()
    {
        using Disk disk = Open("raid-controller");
        Write(disk, 0, 16 << 20, 1);
        Write(disk, 16 << 20, 16 << 20, 1);
        disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal(0, Count(disk, 0, 16 << 20, 1));
        Assert.Equal(16 << 20, Count(disk, 16 << 20, 16 << 20, 1));
    }

    [Fact]
    public void A_barrier_device_ends_at_a_flush()
    {
        // Without a flush there is no border between all and nothing.
        using Disk disk = Open("barrier-device");
        Write(disk, 0, 4096, 1);
        Write(disk, 4096, 4096, 1);
        disk.Cut();
        HashSet<int> kept = [];
        for (ulong seed = 1; seed <= Recuts; seed++)
        {
            disk.Recut(seed);
            kept.Add(Count(disk, 0, 8192, 1));
        }

        Assert.Equal([0, 8192], kept.Order());
    }

    [Fact]
    public void Above_a_page_cache_a_command_is_its_pages()
    {
        using Disk disk = Open("page-cache");
        Write(disk, 0, 64 << 10, 1);
        Assert.Equal(16, disk.GetStatistics().PendingCommands);
    }

    private static DiskSpec Make(string name)
    {
        DiskSpec? spec = DiskSpecText.Parse($"profile={name},size=64M,seed=1", "d", out IReadOnlyList<Fault> faults);
        Assert.Empty(faults);
        return spec!;
    }

    private static Disk Open(string name) => new(Make(name).Options);

    private static void Write(Disk disk, long offsetBytes, int lengthBytes, byte value)
    {
        byte[] payload = new byte[lengthBytes];
        payload.AsSpan().Fill(value);
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, offsetBytes, payload, fua: false));
    }

    /// <summary>How many bytes of the platter have a value.</summary>
    private static int Count(Disk disk, long offsetBytes, int lengthBytes, byte value)
    {
        byte[] bytes = new byte[lengthBytes];
        disk.ReadPlatter(read => read(offsetBytes, bytes));
        return bytes.AsSpan().Count(value);
    }

    /// <summary>Whether one write is left in part by one of many judgements of a cut.</summary>
    private static bool IsTornInSomeCut(Disk disk, long offsetBytes, int lengthBytes)
    {
        using (disk)
        {
            Write(disk, offsetBytes, lengthBytes, 1);
            disk.Cut();
            bool isTorn = false;
            for (ulong seed = 1; seed <= Recuts; seed++)
            {
                disk.Recut(seed);
                int kept = Count(disk, offsetBytes, lengthBytes, 1);
                isTorn |= kept > 0 && kept < lengthBytes;
            }

            return isTorn;
        }
    }
}

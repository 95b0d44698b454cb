using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Randomness;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>The map of a range against a computation block by block, and its promises.</summary>
public sealed class MapTests
{
    private const int Sequences = 400;

    [Fact]
    public void A_map_says_of_each_block_what_a_walk_through_its_versions_says()
    {
        for (ulong seed = 1; seed <= Sequences; seed++)
        {
            RunSequence(seed, filePath: null);
        }
    }

    [Fact]
    public void A_map_of_a_file_disk_says_the_same()
    {
        string directory = Directory.CreateTempSubdirectory("blockemu-map-").FullName;
        try
        {
            for (ulong seed = 1; seed <= Sequences / 4; seed++)
            {
                RunSequence(seed, Path.Combine(directory, $"image{seed}"));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_fresh_disk_is_one_hole_whatever_its_size()
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1L << 50 });
        Assert.Equal([new DiskExtent(0, 1L << 50, DiskExtentState.Hole, true)], Map(disk, 0, 1L << 50));
    }

    [Fact]
    public void Data_zeroes_and_trims_are_cached_until_a_flush()
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1L << 40 });
        disk.Write(1, 0, new byte[8192], fua: true);
        disk.Write(1, 4096, new byte[512], fua: false);
        disk.Trim(1, 1 << 20, 1L << 39, fua: false);
        disk.WriteZeroes(1, 8192, 512, fua: false, mayPunchHole: false);
        Assert.Equal(
        [
            new DiskExtent(0, 4096, DiskExtentState.Persistent, false),
            new DiskExtent(4096, 512, DiskExtentState.Cached, false),
            new DiskExtent(4608, 3584, DiskExtentState.Persistent, false),
            new DiskExtent(8192, 512, DiskExtentState.Cached, true),
            new DiskExtent(8704, (1 << 20) - 8704, DiskExtentState.Hole, true),
            new DiskExtent(1 << 20, 1L << 39, DiskExtentState.Cached, true),
            new DiskExtent((1L << 39) + (1 << 20), (1L << 39) - (1 << 20), DiskExtentState.Hole, true),
        ],
            Map(disk, 0, 1L << 40));
        disk.Flush(1);
        Assert.Equal(
        [
            new DiskExtent(100, 8092, DiskExtentState.Persistent, false),
            new DiskExtent(8192, 1000, DiskExtentState.Hole, true),
        ],
            Map(disk, 100, 9092));
    }

    [Fact]
    public void A_map_ends_after_as_many_extents_as_were_asked_for()
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20 });
        for (int i = 0; i < 10; i++)
        {
            disk.Write(1, i * 8192, new byte[4096], fua: true);
        }

        List<DiskExtent> extents = [];
        Assert.Equal(DiskStatus.Ok, disk.Map(1, 0, 1 << 20, 3, extents));
        Assert.Equal([0, 4096, 8192], extents.Select(e => e.OffsetBytes));
        Assert.Equal(12_288, extents[^1].EndBytes);
    }

    [Fact]
    public void A_map_stops_after_its_share_of_pages_and_goes_on_from_there()
    {
        const long pages = ExtentWalk.MaxPages + 100L;
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = pages * 4096, CacheBytes = 1L << 30 });
        byte[] mebibyte = new byte[1 << 20];
        for (long at = 0; at < pages * 4096; at += mebibyte.Length)
        {
            disk.Write(1, at, mebibyte.AsSpan(0, (int)Math.Min(mebibyte.Length, (pages * 4096) - at)), fua: false);
        }

        Assert.Equal([new DiskExtent(0, ExtentWalk.MaxPages * 4096L, DiskExtentState.Cached, false)], Map(disk, 0, pages * 4096));
    }

    [Fact]
    public void A_map_needs_the_power_and_a_range_inside()
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20 });
        List<DiskExtent> extents = [];
        Assert.Equal(DiskStatus.OutOfRange, disk.Map(1, 1 << 20, 1, 9, extents));
        Assert.Equal(DiskStatus.OutOfRange, disk.Map(1, -1, 1, 9, extents));
        disk.Cut();
        Assert.Equal(DiskStatus.PowerLost, disk.Map(1, 0, 1, 9, extents));
        disk.PowerOn();
        Assert.Equal(DiskStatus.PowerLost, disk.Map(1, 0, 1, 9, extents));
        Assert.Equal(DiskStatus.Ok, disk.Map(2, 0, 1, 9, extents));
    }

    private static List<DiskExtent> Map(Disk disk, long offset, long length, int max = 1000)
    {
        List<DiskExtent> extents = [];
        Assert.Equal(DiskStatus.Ok, disk.Map(disk.PowerEpoch, offset, length, max, extents));
        return extents;
    }

    private static void RunSequence(ulong seed, string? filePath)
    {
        SplitMix64 chance = new(seed);
        DiskOptions options = RandomOptions.Draw(ref chance) with { FilePath = filePath, SyncToHost = false };
        if (chance.NextCoin(0.5))
        {
            options = options with { SizeBytes = options.SizeBytes * 8 }; // room for zero ranges of many pages
        }

        using Disk disk = new(options);
        MapModel model = new(disk);
        for (int i = 0; i < 60; i++)
        {
            model.OneCommand(ref chance);
            if (i % 5 == 0)
            {
                model.Check(ref chance, seed);
            }
        }
    }
}

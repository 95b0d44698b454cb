using System.Buffers.Binary;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>Compare, and compare and write.</summary>
public sealed class CompareTests : IDisposable
{
    private const int Block = 512;
    private const int Counter = 1030; // no multiple of the block
    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private Disk Open(bool onFile, AtomicityParameters? atomicity = null, long cacheBytes = 1 << 20) => new(
        new DiskOptions
        {
            Name = "c",
            SizeBytes = 1 << 20,
            FilePath = onFile ? _image.Path : null,
            SyncToHost = false,
            CacheBytes = cacheBytes,
            Seed = 1,
            Atomicity = atomicity,
        },
        events: null,
        inner => onFile ? _medium = new FailingMedium(inner) : inner);

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static byte[] Read(Disk disk, long offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, offset, bytes));
        return bytes;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_comparison_sees_what_a_read_would(bool onFile)
    {
        using Disk disk = Open(onFile);
        disk.Write(1, 0, Filled(1024, 1), fua: true);
        disk.Write(1, 512, Filled(1024, 2), fua: false);
        byte[] there = [.. Filled(512, 1), .. Filled(1024, 2), .. Filled(512, 0)];
        Assert.Equal(DiskStatus.Ok, disk.Compare(1, 0, there));
        Assert.Equal(DiskStatus.Ok, disk.Compare(1, 100, there.AsSpan(100, 1500)));
        Assert.Equal(DiskStatus.Ok, disk.Compare(1, 0, []));
        for (int at = 0; at < there.Length; at += 127)
        {
            byte[] other = [.. there];
            other[at] ^= 0x10;
            Assert.Equal(DiskStatus.Miscompare, disk.Compare(1, 0, other));
        }

        Assert.Equal(DiskStatus.OutOfRange, disk.Compare(1, (1 << 20) - 1, [0, 0]));
        disk.Cut();
        Assert.Equal(DiskStatus.PowerLost, disk.Compare(1, 0, there));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_differs_is_not_written(bool onFile)
    {
        using Disk disk = Open(onFile);
        disk.Write(1, 0, Filled(1024, 1), fua: true);
        disk.Write(1, 512, Filled(512, 2), fua: false);
        DiskStatistics before = disk.GetStatistics();
        foreach ((int at, byte wrong) in ((int, byte)[])[(0, 9), (511, 9), (512, 1), (1023, 9)])
        {
            byte[] expected = [.. Filled(512, 1), .. Filled(512, 2)];
            expected[at] = wrong;
            Assert.Equal(DiskStatus.Miscompare, disk.CompareAndWrite(1, 0, expected, Filled(1024, 7), fua: true));
        }

        Assert.Equal(before, disk.GetStatistics());
        Assert.Equal([.. Filled(512, 1), .. Filled(512, 2)], Read(disk, 0, 1024));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_holds_is_written_and_bytes_around_it_stay(bool onFile)
    {
        using Disk disk = Open(onFile);
        disk.Write(1, 0, Filled(8192, 1), fua: true);
        disk.Write(1, 2048, Filled(1024, 2), fua: false);
        byte[] expected = [.. Filled(1048, 1), .. Filled(1024, 2), .. Filled(28, 1)];
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 1000, expected, Filled(2100, 3), fua: false));
        Assert.Equal([.. Filled(1000, 1), .. Filled(2100, 3), .. Filled(5092, 1)], Read(disk, 0, 8192));
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 1, [1], [4], fua: false));
        Assert.Equal([1, 4, 1], Read(disk, 0, 3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_FUA_it_survives_and_without_it_may_not(bool onFile)
    {
        using Disk disk = Open(onFile);
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 0, Filled(512, 0), Filled(512, 1), fua: true));
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 0, Filled(512, 1), Filled(512, 2), fua: false));
        Assert.Equal(1, disk.Cut(loss: LossModel.LoseAll).CommandsLost);
        disk.PowerOn();
        Assert.Equal(Filled(512, 1), Read(disk, 0, 512));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        using Disk disk = Open(onFile: false);
        Assert.Throws<ArgumentException>(() => disk.CompareAndWrite(1, 0, new byte[512], new byte[1024], fua: false));
        Assert.Equal(DiskStatus.OutOfRange, disk.CompareAndWrite(1, (1 << 20) - 511, new byte[512], new byte[512], fua: false));
        Assert.Equal(DiskStatus.OutOfRange, disk.CompareAndWrite(1, -1, new byte[512], new byte[512], fua: false));
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 0, [], [], fua: false));
        disk.Cut();
        Assert.Equal(DiskStatus.PowerLost, disk.CompareAndWrite(1, 0, [], [], fua: false));
        Assert.Equal(DiskStatus.PowerLost, disk.CompareAndWrite(1, 0, [0], [0], fua: false));
        using Disk readOnly = new(new DiskOptions { Name = "r", SizeBytes = 4096, IsReadOnly = true });
        Assert.Equal(DiskStatus.Ok, readOnly.Compare(1, 0, new byte[512]));
        Assert.Equal(DiskStatus.ReadOnly, readOnly.CompareAndWrite(1, 0, new byte[512], new byte[512], fua: false));
    }

    [Theory]
    [InlineData(0, 32, 1)] // within ACWU
    [InlineData(63, 32, 1)] // at any alignment
    [InlineData(0, 33, 33)] // above it
    [InlineData(120, 16, 16)] // across a boundary, of which NVMe's fused commands know no pieces
    public void ACWU_and_the_boundary_decide_its_atoms(int lba, int blocks, int atoms)
    {
        AtomicityParameters atomicity = new()
        {
            AwunBytes = 8 * Block,
            AwupfBytes = Block,
            AcwuBytes = 16 * Block,
            NacwuBytes = 32 * Block,
            NabspfBytes = 128 * Block,
        };
        using Disk disk = Open(onFile: false, atomicity);
        byte[] zeroes = new byte[blocks * Block];
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, (long)lba * Block, zeroes, Filled(zeroes.Length, 1), fua: false));
        disk.Write(1, 512 << 10, new byte[2 * Block], fua: false);
        CutReport report = disk.Cut();
        Assert.Equal([(long)atoms, 2], report.Pending.Select(p => p.AtomCount));
        Assert.Equal([atomicity.ForCompareAndWrite(), null], report.Pending.Select(p => p.Atomicity));
    }

    [Fact]
    public void In_multiple_atomicity_mode_it_stays_whole_or_falls_into_blocks()
    {
        AtomicityParameters mam = new() { NabsnBytes = 4096, NabspfBytes = 4096, Mam = true };
        using Disk disk = Open(onFile: false, mam);
        disk.Write(1, 2048, new byte[4096], fua: false);
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 2048, new byte[4096], new byte[4096], fua: false));
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 4096, new byte[4096], new byte[4096], fua: false));
        Assert.Equal([2L, 8L, 1L], disk.Cut().Pending.Select(p => p.AtomCount));
    }

    [Theory]
    [InlineData(false, 1 << 20)]
    [InlineData(true, 1 << 20)]
    [InlineData(true, 8192)]
    [InlineData(true, 0)]
    public async Task Increments_of_several_threads_are_never_lost(bool onFile, long cacheBytes)
    {
        using Disk disk = Open(onFile, cacheBytes: cacheBytes);
        const int threads = 3;
        int each = onFile ? 300 : 3000;
        using CancellationTokenSource done = new();
        Task flusher = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                Assert.Equal(DiskStatus.Ok, disk.Flush(1));
                Assert.Equal(DiskStatus.Ok, disk.Write(1, 1000, Filled(30, 5), fua: false)); // beside the counter, in its block
            }
        });
        await Task.WhenAll(Enumerable.Range(0, threads).Select(n => Task.Run(() => Increment(disk, each, fua: n == 0))));
        await done.CancelAsync();
        await flusher;
        Assert.Equal(threads * each, BinaryPrimitives.ReadInt64LittleEndian(Read(disk, Counter, 8)));
        Assert.Equal(threads * each, BinaryPrimitives.ReadInt64LittleEndian(Read(disk, Counter + 2040, 8)));
    }

    /// <summary>A counter at both ends of 2 KiB: a reader that finds them different has seen half a write.</summary>
    private static void Increment(Disk disk, int times, bool fua)
    {
        byte[] now = new byte[2048];
        byte[] next = new byte[2048];
        for (int i = 0; i < times;)
        {
            Assert.Equal(DiskStatus.Ok, disk.Read(1, Counter, now));
            long count = BinaryPrimitives.ReadInt64LittleEndian(now);
            Assert.Equal(count, BinaryPrimitives.ReadInt64LittleEndian(now.AsSpan(2040)));
            BinaryPrimitives.WriteInt64LittleEndian(next, count + 1);
            BinaryPrimitives.WriteInt64LittleEndian(next.AsSpan(2040), count + 1);
            DiskStatus status = disk.CompareAndWrite(1, Counter, now, next, fua);
            Assert.True(status is DiskStatus.Ok or DiskStatus.Miscompare, $"{status}");
            i += status == DiskStatus.Ok ? 1 : 0;
        }
    }

    [Fact]
    public async Task What_moves_to_the_platter_beside_it_is_compared_as_it_is()
    {
        using Disk disk = Open(onFile: true);
        disk.Write(1, 0, Filled(512, 1), fua: false);
        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(1));
        _medium.WaitForWrite();
        int reads = 0;
        _medium.AfterRead = () =>
        {
            if (++reads == 1)
            {
                _medium.LetGo(); // the second block was read from the platter; now the first gets there
                flush.Wait(TestContext.Current.CancellationToken);
            }
        };
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 0, [.. Filled(512, 1), .. Filled(512, 0)], Filled(1024, 9), fua: false));
        Assert.Equal(DiskStatus.Ok, await flush);
        Assert.InRange(reads, 2, 10);
        _medium.AfterRead = null;
        Assert.Equal(Filled(1024, 9), Read(disk, 0, 1024));
    }

    [Fact]
    public void A_medium_that_cannot_be_read_is_no_miscompare()
    {
        using Disk disk = Open(onFile: true);
        _medium!.BadByteAt = 600;
        Assert.Equal(DiskStatus.MediumError, disk.Compare(1, 0, new byte[1024]));
        Assert.Equal(DiskStatus.MediumError, disk.CompareAndWrite(1, 0, new byte[1024], new byte[1024], fua: false));
        Assert.Equal(DiskStatus.Ok, disk.CompareAndWrite(1, 0, new byte[512], Filled(512, 1), fua: false));
    }
}

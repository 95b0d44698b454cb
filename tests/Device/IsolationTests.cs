using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Tests;

/// <summary>What a mode permits does happen when it is asked for, and what it forbids is not seen (semantics 6).</summary>
public sealed class IsolationTests
{
    private const int Block = 512;
    private const int Page = 4096;
    private const int LargeBytes = 64 << 10;

    // What is permitted comes within a few dozen tries; the bound turns a disk that never shows it into a failure.
    private const int MostTries = 3000;

    // What is forbidden is looked for so often.
    private const int Tries = 150;

    [Theory]
    [InlineData(IsolationMode.Nvme, Block)]
    [InlineData(IsolationMode.Page, Page)]
    public void Two_overlapping_large_writes_mix(IsolationMode mode, int grainBytes)
    {
        using Disk disk = Open(new IsolationRule(mode, IsAdversarial: true));
        for (int i = 0; i < MostTries; i++)
        {
            byte[] after = WriteTwo(disk, 0, LargeBytes, 0, LargeBytes);
            Assert.True(IsWholeBy(after, grainBytes), "a unit is mixed that the mode keeps whole");
            if (after.Distinct().Count() == 2)
            {
                return;
            }
        }

        Assert.Fail($"not seen in {MostTries} tries");
    }

    [Theory]
    [InlineData(IsolationMode.Exclusive)]
    [InlineData(IsolationMode.Shared)]
    [InlineData(IsolationMode.Range)]
    [InlineData(IsolationMode.HandOverHand)]
    public void Two_overlapping_large_writes_never_mix(IsolationMode mode)
    {
        using Disk disk = Open(new IsolationRule(mode, IsAdversarial: true));
        for (int i = 0; i < Tries; i++)
        {
            byte[] after = WriteTwo(disk, 0, LargeBytes, 0, LargeBytes);
            Assert.True(after.Distinct().Count() == 1, $"mixed in try {i}");
        }
    }

    [Fact]
    public void Hand_over_hand_keeps_one_order_where_writes_overlap_in_part()
    {
        using Disk disk = Open(new IsolationRule(IsolationMode.HandOverHand, IsAdversarial: true));
        for (int i = 0; i < Tries; i++)
        {
            byte[] after = WriteTwo(disk, 0, LargeBytes, LargeBytes / 2, LargeBytes);
            Assert.True(after[(LargeBytes / 2)..LargeBytes].Distinct().Count() == 1, $"mixed in try {i}");
        }
    }

    [Theory]
    [InlineData(IsolationMode.Nvme, LargeBytes)]
    [InlineData(IsolationMode.Page, LargeBytes)]
    [InlineData(IsolationMode.HandOverHand, LargeBytes)]
    public void A_reader_sees_part_of_a_write(IsolationMode mode, int lengthBytes)
    {
        using Disk disk = Open(new IsolationRule(mode, IsAdversarial: true));
        Assert.True(SeesPart(disk, lengthBytes, MostTries), $"not seen in {MostTries} tries");
    }

    [Theory]
    [InlineData(IsolationMode.Exclusive, LargeBytes)]
    [InlineData(IsolationMode.Shared, LargeBytes)]
    [InlineData(IsolationMode.Range, LargeBytes)]
    [InlineData(IsolationMode.Nvme, 16 << 10)] // AWUN
    [InlineData(IsolationMode.Page, Page)]
    public void No_reader_sees_part_of_a_write(IsolationMode mode, int lengthBytes)
    {
        using Disk disk = Open(new IsolationRule(mode, IsAdversarial: true));
        Assert.False(SeesPart(disk, lengthBytes, Tries));
    }

    /// <summary>NVMe's figure: A writes blocks 0 to 3, B 1 to 4, with AWUN of 4 blocks. AAAAB and ABBBB are right.</summary>
    [Fact]
    public void Writes_within_awun_end_as_one_after_the_other()
    {
        using Disk disk = Open(new IsolationRule(IsolationMode.Nvme, IsAdversarial: true), awunBytes: 4 * Block);
        for (int i = 0; i < Tries; i++)
        {
            byte[] after = WriteTwo(disk, 0, 4 * Block, Block, 4 * Block);
            string letters = new([.. Enumerable.Range(0, 5).Select(n => (char)after[n * Block])]);
            Assert.Contains(letters, (string[])["AAAAB", "ABBBB"]);
        }
    }

    [Fact]
    public void Above_a_page_cache_no_unit_is_larger_than_a_page_and_the_mode_can_change_while_it_runs()
    {
        using Disk disk = Open(IsolationRule.Default);
        Assert.Equal(16 << 10, disk.Core.Atomicity.AwupfBytes);
        disk.Change(o => o with { Isolation = new IsolationRule(IsolationMode.Page) });
        Assert.Equal((Page, Page), (disk.Core.Atomicity.AwupfBytes, disk.Core.Atomicity.AwunBytes));
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, 0, new byte[LargeBytes], fua: false));
        Assert.Equal(LargeBytes / Page, disk.Core.Sequence);
        disk.Change(o => o with { Isolation = IsolationRule.Default });
        Assert.Equal(16 << 10, disk.Core.Atomicity.AwupfBytes);
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, 0, new byte[LargeBytes], fua: false));
        Assert.Equal((LargeBytes / Page) + 1, disk.Core.Sequence);
    }

    [Fact]
    public void Steps_of_one_command_are_acknowledged_together_and_fua_makes_all_of_them_persistent()
    {
        using Disk disk = Open(new IsolationRule(IsolationMode.Page));
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, 100, Filled(LargeBytes, 7), fua: true));
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, LargeBytes * 2, Filled(LargeBytes, 8), fua: false));
        Power.CutReport report = disk.Cut(loss: Power.LossModel.LoseAll);
        Assert.Equal(LargeBytes / Page, report.CommandsLost);
        Assert.All(report.Pending, entry => Assert.True(entry.IsAcknowledged));
        byte[] platter = Simulation.MemoryImage.Of(disk).Bytes;
        Assert.All(platter[100..(100 + LargeBytes)], b => Assert.Equal(7, b));
        Assert.All(platter[(LargeBytes * 2)..(LargeBytes * 3)], b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(IsolationMode.Page)]
    [InlineData(IsolationMode.Nvme)]
    public void A_trim_of_all_of_a_large_disk_takes_few_steps(IsolationMode mode)
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1L << 40, Isolation = new IsolationRule(mode, true) });
        Assert.Equal(DiskStatus.Ok, disk.Trim(disk.PowerEpoch, 0, 1L << 40, fua: false));
        Assert.InRange(disk.Core.Sequence, 2, StepPlan.MaxZeroSteps);
    }

    [Fact]
    public void A_plan_covers_its_range_once_and_is_the_seeds()
    {
        SplitMix64 chance = new(5);
        for (int i = 0; i < 2000; i++)
        {
            int block = chance.NextCoin(0.5) ? 512 : 4096;
            long unit = block << (int)chance.NextBelow(4);
            bool hasBoundary = chance.NextCoin(0.5);
            AtomicityParameters promise = new()
            {
                AwunBytes = unit,
                AwupfBytes = unit,
                AcwuBytes = unit,
                NabsnBytes = hasBoundary ? unit : 0,
                NabspfBytes = hasBoundary ? unit : 0,
                Mam = hasBoundary,
            };
            IsolationRule rule = new((IsolationMode)chance.NextBelow(6), chance.NextCoin(0.5));
            ByteRange range = new((long)chance.NextBelow(100_000), 1 + (long)chance.NextBelow(100_000));
            ulong seed = chance.Next();
            SplitMix64 first = new(seed);
            SplitMix64 second = new(seed);
            bool isLong = chance.NextCoin(0.3);
            List<ByteRange> steps = StepPlan.Cut(rule, promise, block, range, isLong, ref first);
            Assert.Equal(steps, StepPlan.Cut(rule, promise, block, range, isLong, ref second));
            long at = range.OffsetBytes;
            foreach (ByteRange step in steps.OrderBy(static s => s.OffsetBytes))
            {
                Assert.True(step.OffsetBytes == at && step.LengthBytes > 0, $"{rule}, {range}: {step}");
                at = step.EndBytes;
            }

            Assert.Equal(range.EndBytes, at);
        }
    }

    private static Disk Open(IsolationRule rule, long awunBytes = 16 << 10) => new(new DiskOptions
    {
        Name = "d",
        SizeBytes = 1 << 20,
        Seed = 3,
        Isolation = rule,
        Atomicity = new AtomicityParameters { AwunBytes = awunBytes, AwupfBytes = awunBytes, AcwuBytes = awunBytes },
    });

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>Whether each unit holds one value.</summary>
    private static bool IsWholeBy(byte[] bytes, int grainBytes) =>
        bytes.Chunk(grainBytes).All(static unit => unit.AsSpan().IndexOfAnyExcept(unit[0]) < 0);

    /// <summary>What two writes at the same time, of As and of Bs, leave.</summary>
    private static byte[] WriteTwo(Disk disk, long firstAt, int firstBytes, long secondAt, int secondBytes)
    {
        using Barrier start = new(2);
        Thread other = new(() => Write(secondAt, secondBytes, (byte)'B'));
        other.Start();
        Write(firstAt, firstBytes, (byte)'A');
        other.Join();
        byte[] after = new byte[Math.Max(firstAt + firstBytes, secondAt + secondBytes)];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, after));
        return after;

        void Write(long at, int length, byte value)
        {
            byte[] payload = Filled(length, value);
            start.SignalAndWait();
            Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, at, payload, fua: false));
        }
    }

    /// <summary>Whether a reader beside a writer that changes all of a range sees it changed in part.</summary>
    private static bool SeesPart(Disk disk, int lengthBytes, int tries)
    {
        bool isDone = false;
        Thread writer = new(() =>
        {
            byte[] payload = new byte[lengthBytes];
            for (byte value = 1; !Volatile.Read(ref isDone); value++)
            {
                payload.AsSpan().Fill(value);
                disk.Write(disk.PowerEpoch, 0, payload, fua: false);
            }
        });
        writer.Start();
        byte[] seen = new byte[lengthBytes];
        bool isPart = false;
        for (int i = 0; i < tries && !isPart; i++)
        {
            Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, seen));
            isPart = seen.AsSpan().IndexOfAnyExcept(seen[0]) >= 0;
        }

        Volatile.Write(ref isDone, true);
        writer.Join();
        return isPart;
    }
}

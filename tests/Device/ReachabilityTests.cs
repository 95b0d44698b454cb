using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>Every outcome the contract allows in a small case does appear over seeds, and no other.</summary>
public sealed class ReachabilityTests
{
    private static readonly string[] s_subsetsOfThree = ["...", "..A", ".A.", ".AA", "A..", "A.A", "AA.", "AAA"];

    [Fact]
    public void A_rewritten_block_comes_back_old_middle_and_newest() =>
        Assert.Equal(["A", "B", "C"], Outcomes(disk =>
        {
            Write(disk, 0, "A", fua: true);
            Write(disk, 0, "B");
            Write(disk, 0, "C");
        }, blocks: 1));

    [Fact]
    public void A_plain_write_beside_a_fua_write_is_kept_and_lost() =>
        Assert.Equal([".B", "AB"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B", fua: true);
        }, blocks: 2));

    [Fact]
    public void Above_awupf_every_subset_of_blocks_appears() =>
        Assert.Equal(s_subsetsOfThree, Outcomes(disk => Write(disk, 0, "AAA"), blocks: 3, awupfBlocks: 2));

    [Fact]
    public void Within_awupf_a_write_never_tears() =>
        Assert.Equal(["...", "AAA"], Outcomes(disk => Write(disk, 0, "AAA"), blocks: 3, awupfBlocks: 3));

    [Fact]
    public void Fifo_leaves_every_prefix_and_nothing_else() =>
        Assert.Equal(["...", "A..", "AB.", "ABC"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B");
            Write(disk, 2, "C");
        }, blocks: 3, loss: LossModel.Fifo));

    [Fact]
    public void Epoch_ends_at_a_flush_or_at_an_end_and_nowhere_else() =>
        Assert.Equal(["......", "AB....", "ABCD..", "ABCDEF"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B");
            AcceptFlush(disk);
            AcceptFlush(disk);
            Write(disk, 2, "CD");
            AcceptFlush(disk);
            Write(disk, 4, "E");
            Write(disk, 5, "F");
            AcceptFlush(disk);
        }, blocks: 6, awupfBlocks: 1, loss: LossModel.Epoch));

    [Fact]
    public void Epoch_ends_no_earlier_than_the_newest_required_step() =>
        Assert.Equal(["ABC.", "ABCD"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            AcceptFlush(disk);
            Write(disk, 1, "B");
            Write(disk, 2, "C", fua: true);
            Write(disk, 3, "D");
        }, blocks: 4, loss: LossModel.Epoch));

    [Fact]
    public void The_adversary_loses_the_oldest_and_keeps_the_newest() =>
        Assert.Equal(["...D", "..CD", ".BCD"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B");
            Write(disk, 2, "C");
            Write(disk, 3, "D");
        }, blocks: 4, loss: LossModel.Adversary));

    [Fact]
    public void The_adversary_tears_a_large_write_into_a_head_or_a_tail() =>
        Assert.Equal(["..A", ".AA", "A..", "AA."], Outcomes(
            disk => Write(disk, 0, "AAA"), blocks: 3, awupfBlocks: 1, loss: LossModel.Adversary));

    [Fact]
    public void The_adversary_loses_a_single_atom() =>
        Assert.Equal(["..."], Outcomes(disk => Write(disk, 0, "AAA"), blocks: 3, loss: LossModel.Adversary));

    [Fact]
    public void The_adversary_tears_what_a_flush_in_progress_covers_before_anything_else() =>
        Assert.Equal(["..CDE", ".BCDE"], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B");
            Write(disk, 2, "C");
            AcceptFlush(disk);
            Write(disk, 3, "D");
            Write(disk, 4, "E");
        }, blocks: 5, loss: LossModel.Adversary));

    [Fact]
    public void Aged_keeps_what_is_certain_at_its_ends_and_anything_between() =>
        Assert.Equal(["A..", "AB."], Outcomes(disk =>
        {
            Write(disk, 0, "A");
            Write(disk, 1, "B");
            Write(disk, 2, "C");
        }, blocks: 3, loss: LossModel.Aged(1, 0)));

    [Fact]
    public void A_trim_and_the_write_before_it_are_kept_and_lost_apart() =>
        Assert.Equal([".", "A", "B"], Outcomes(disk =>
        {
            Write(disk, 0, "A", fua: true);
            Write(disk, 0, "B");
            disk.Trim(disk.PowerEpoch, 0, 512, fua: false);
        }, blocks: 1));

    [Fact]
    public void The_same_log_seed_and_model_give_the_same_platter()
    {
        static byte[] Once()
        {
            using Disk disk = NewDisk(8);
            Write(disk, 0, "ABCDEFGHIJKLMNOP");
            Write(disk, 3, "XYZ");
            disk.Cut();
            return MemoryImage.Of(disk).Bytes;
        }

        Assert.Equal(Once(), Once());
    }

    private static List<string> Outcomes(Action<Disk> commands, int blocks, int awupfBlocks = 8, LossModel? loss = null)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        using Disk disk = NewDisk(awupfBlocks);
        commands(disk);
        disk.Cut(seed: 0, loss);
        for (ulong seed = 1; seed <= 300; seed++)
        {
            disk.Recut(seed, loss);
            byte[] bytes = MemoryImage.Of(disk).Bytes;
            seen.Add(string.Concat(Enumerable.Range(0, blocks).Select(b => bytes[b * 512] == 0 ? '.' : (char)bytes[b * 512])));
        }

        return [.. seen.Order(StringComparer.Ordinal)];
    }

    private static Disk NewDisk(int awupfBlocks) => new(new DiskOptions
    {
        Name = "r",
        SizeBytes = 64 * 512,
        Seed = 5,
        Atomicity = new AtomicityParameters { AwunBytes = awupfBlocks * 512, AwupfBytes = awupfBlocks * 512, AcwuBytes = awupfBlocks * 512 },
    });

    /// <summary>A flush that is in progress for ever.</summary>
    private static void AcceptFlush(Disk disk)
    {
        lock (disk.Core.Gate)
        {
            disk.Core.AcceptFlush();
        }
    }

    private static void Write(Disk disk, int block, string letters, bool fua = false)
    {
        byte[] payload = [.. letters.SelectMany(c => Enumerable.Repeat((byte)c, 512))];
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, block * 512, payload, fua));
    }
}

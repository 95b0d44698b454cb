using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests;

/// <summary>SEMANTICS 3: a cache with a battery above a volatile one.</summary>
public sealed class ProtectedCacheTests
{
    private const int Block = 512;

    private static readonly DiskOptions s_options = new()
    {
        Name = "p",
        SizeBytes = 64 * Block,
        CacheBytes = 16 * 4096,
        ProtectedBytes = 4 * Block,
        Atomicity = new AtomicityParameters { AwunBytes = Block, AwupfBytes = Block, AcwuBytes = Block },
    };

    private static void Write(Disk disk, int block, string letters, bool fua = false)
    {
        byte[] payload = [.. letters.SelectMany(c => Enumerable.Repeat((byte)c, Block))];
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, block * Block, payload, fua));
    }

    private static string Platter(Disk disk, int blocks)
    {
        byte[] bytes = MemoryImage.Of(disk).Bytes;
        return string.Concat(Enumerable.Range(0, blocks).Select(b => bytes[b * Block] == 0 ? '.' : (char)bytes[b * Block]));
    }

    [Fact]
    public void The_newest_survive_whole_and_what_moved_down_is_the_loss_models()
    {
        using Disk disk = new(s_options);
        Write(disk, 0, "AB");
        Write(disk, 2, "CD");
        Write(disk, 4, "EFG");
        disk.Trim(disk.PowerEpoch, 10 * Block, Block, fua: false);
        Write(disk, 7, "H");
        CutReport report = disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal("....EFGH", Platter(disk, 8));
        Assert.Equal((3, 2), (report.CommandsKept, report.CommandsLost));
        disk.Recut(loss: LossModel.KeepAll);
        Assert.Equal("ABCDEFGH", Platter(disk, 8));
        disk.Recut(loss: LossModel.Fifo);
        Assert.Equal("ABCDEFGH", Platter(disk, 8));
    }

    [Fact]
    public void A_command_that_does_not_fit_whole_protects_nothing_older()
    {
        using Disk disk = new(s_options);
        Write(disk, 0, "A");
        Write(disk, 1, "BCDEF");
        disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal("......", Platter(disk, 6));
    }

    [Fact]
    public void Flush_and_fua_go_down_to_the_platter()
    {
        using Disk disk = new(s_options);
        Write(disk, 0, "A", fua: true);
        Write(disk, 1, "B");
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        Write(disk, 2, "CDEF");
        Write(disk, 6, "GHIJ");
        disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal("AB....GHIJ", Platter(disk, 10));
    }

    [Fact]
    public void The_adversary_has_only_what_moved_down()
    {
        using Disk disk = new(s_options);
        Write(disk, 0, "A");
        Write(disk, 1, "BCDE");
        disk.Cut(loss: LossModel.Adversary);
        Assert.Equal(".BCDE", Platter(disk, 5));
    }

    [Fact]
    public void Every_loss_model_leaves_a_legal_platter()
    {
        TraceRecorder recorder = new(s_options);
        using Disk disk = new(s_options, recorder);
        for (int i = 0; i < 20; i++)
        {
            Write(disk, i * 3 % 20, new string((char)('A' + i), 1 + (i % 4)));
        }

        disk.Cut(seed: 0);
        byte[] first = new byte[s_options.SizeBytes];
        foreach (string loss in (string[])["lose-all", "keep-all", "random", "aged", "fifo", "epoch", "adversary"])
        {
            Assert.True(LossModel.TryParse(loss, out LossModel model, out _));
            for (ulong seed = 1; seed <= 20; seed++)
            {
                disk.Recut(seed, model);
                Verdict verdict = LegalityOracle.Judge(recorder.Trace, new MemoryImage(first), MemoryImage.Of(disk));
                Assert.True(verdict.IsLegal, $"{loss}, seed {seed}: {verdict}");
            }
        }
    }
}

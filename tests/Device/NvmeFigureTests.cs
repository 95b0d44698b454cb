using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests;

/// <summary>The figures of NVM Command Set 2.1.4, played: blocks are letters. And its rule that a unit is a length, not a grid.</summary>
public sealed class NvmeFigureTests
{
    private const int Block = 512;

    private static DiskOptions Small(int awunBlocks, int awupfBlocks) => new()
    {
        Name = "f",
        SizeBytes = 64 * Block,
        Seed = 1,
        Atomicity = new AtomicityParameters
        {
            AwunBytes = awunBlocks * Block,
            AwupfBytes = awupfBlocks * Block,
            AcwuBytes = awupfBlocks * Block,
        },
    };

    [Fact]
    public async Task Figure_5_two_overlapping_writes_within_AWUN_end_as_one_after_the_other()
    {
        using Disk disk = new(Small(awunBlocks: 4, awupfBlocks: 1));
        using Barrier start = new(3);
        string[] seen = ["CCCCC", "AAAAC", "CBBBB", "AAAAB", "ABBBB"];
        const int rounds = 500;
        Task a = Task.Run(() => Repeat(() => Write(disk, 0, "AAAA")));
        Task b = Task.Run(() => Repeat(() => Write(disk, 1, "BBBB")));
        for (int round = 0; round < rounds; round++)
        {
            Write(disk, 0, "CCCCC");
            start.SignalAndWait(TestContext.Current.CancellationToken);
            Assert.Contains(Read(disk), seen);
            start.SignalAndWait(TestContext.Current.CancellationToken);
            Assert.Contains(Read(disk), new[] { "AAAAB", "ABBBB" });
        }

        await Task.WhenAll(a, b);

        void Repeat(Action write)
        {
            for (int round = 0; round < rounds; round++)
            {
                start.SignalAndWait();
                write();
                start.SignalAndWait();
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Figures_6_and_7_a_write_within_AWUPF_is_all_new_or_all_old_after_power_fails(bool isAcknowledged)
    {
        using Disk disk = new(Small(awunBlocks: 2, awupfBlocks: 2));
        Write(disk, 0, "CBBBB", fua: true);
        if (isAcknowledged)
        {
            Write(disk, 0, "AA");
        }
        else
        {
            lock (disk.Core.Gate)
            {
                disk.Core.Step(WriteKind.Write, new ByteRange(0, 2 * Block), Bytes("AA"), isFua: false);
            }
        }

        HashSet<string> left = [];
        disk.Cut();
        for (ulong seed = 0; seed < 64; seed++)
        {
            disk.Recut(seed, LossModel.Random(0.5));
            left.Add(Platter(disk)[..5]);
        }

        Assert.Equal(["AABBB", "CBBBB"], left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Beyond_AWUPF_what_the_figures_call_wrong_does_happen()
    {
        using Disk disk = new(Small(awunBlocks: 2, awupfBlocks: 1));
        Write(disk, 0, "CBBBB", fua: true);
        Write(disk, 0, "AA");
        HashSet<string> left = [];
        disk.Cut();
        for (ulong seed = 0; seed < 64; seed++)
        {
            disk.Recut(seed, LossModel.Random(0.5));
            left.Add(Platter(disk)[..5]);
        }

        Assert.Equal(["AABBB", "ABBBB", "CABBB", "CBBBB"], left.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false, 0, false)]
    [InlineData(true, 0, false)]
    [InlineData(false, 64 << 10, false)]
    [InlineData(true, 64 << 10, false)]
    [InlineData(false, 16 << 10, true)]
    [InlineData(true, 16 << 10, true)]
    public void A_write_of_16_KiB_at_LBA_63_tears_only_if_it_crosses_a_boundary(bool onFile, int boundary, bool tears)
    {
        using TempImage image = new();
        DiskOptions options = new()
        {
            Name = "p",
            SizeBytes = 1 << 20,
            Seed = 1,
            FilePath = onFile ? image.Path : null,
            SyncToHost = false,
            Atomicity = new AtomicityParameters { AwunBytes = 4096, AwupfBytes = 512, NawunBytes = 16_384, NawupfBytes = 16_384, NabspfBytes = boundary },
        };
        TraceRecorder recorder = new(options);
        using Disk disk = new(options, recorder);
        byte[] old = Bytes(new string('o', 256));
        Assert.Equal(DiskStatus.Ok, disk.Write(1, 0, old, fua: true));
        Write(disk, 63, new string('N', 32));
        HashSet<int> newBlocks = [];
        disk.Cut();
        for (ulong seed = 0; seed < 100; seed++)
        {
            CutReport report = disk.Recut(seed, LossModel.Random(0.5));
            MemoryImage platter = MemoryImage.Of(disk);
            newBlocks.Add(Letters(platter.Bytes).Count(c => c == 'N'));
            Verdict verdict = LegalityOracle.Judge(recorder.Trace, new MemoryImage(new byte[options.SizeBytes]), platter, JudgeOptions.Default);
            Assert.True(verdict.IsLegal, $"cut seed {report.Seed}: {verdict}");
            Assert.Equal(tears ? 32 : 1, Assert.Single(report.Pending).AtomCount);
        }

        Assert.True(tears ? newBlocks.Count > 5 : newBlocks.SetEquals([0, 32]), string.Join(' ', newBlocks));
    }

    private static void Write(Disk disk, int lba, string letters, bool fua = false) =>
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, (long)lba * Block, Bytes(letters), fua));

    private static string Read(Disk disk)
    {
        byte[] bytes = new byte[5 * Block];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, bytes));
        return Letters(bytes);
    }

    private static string Platter(Disk disk) => Letters(MemoryImage.Of(disk).Bytes);

    private static byte[] Bytes(string letters)
    {
        byte[] bytes = new byte[letters.Length * Block];
        for (int i = 0; i < letters.Length; i++)
        {
            bytes.AsSpan(i * Block, Block).Fill((byte)letters[i]);
        }

        return bytes;
    }

    /// <summary>A letter for each block; a question mark where a block is not one letter throughout.</summary>
    private static string Letters(byte[] bytes) => string.Create(bytes.Length / Block, bytes, static (letters, from) =>
    {
        for (int i = 0; i < letters.Length; i++)
        {
            ReadOnlySpan<byte> block = from.AsSpan(i * Block, Block);
            letters[i] = block.ContainsAnyExcept(block[0]) ? '?' : (char)block[0];
        }
    });
}

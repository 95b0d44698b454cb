using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests;

/// <summary>Promises, loss and seed given anew while a disk runs.</summary>
public sealed class ChangeTests : IDisposable
{
    private const int Block = 512;
    private readonly TempImage _image = new();

    public void Dispose() => _image.Dispose();

    private static AtomicityParameters Units(int blocks) => new()
    {
        AwunBytes = 32 * Block,
        AwupfBytes = (long)blocks * Block,
        AcwuBytes = Block,
    };

    private static DiskOptions Options => new() { Name = "c", SizeBytes = 1 << 20, Seed = 7, Atomicity = Units(8) };

    private static byte[] Filled(int blocks, byte value)
    {
        byte[] bytes = new byte[blocks * Block];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static void Promise(Disk disk, AtomicityParameters atomicity) => disk.Change(o => o with { Atomicity = atomicity });

    [Fact]
    public void A_change_holds_for_commands_accepted_after_it_and_pending_ones_keep_their_own()
    {
        TraceRecorder recorder = new(Options);
        using Disk disk = new(Options, recorder);
        disk.Write(1, 0, Filled(8, 1), fua: false);
        Promise(disk, Units(1));
        disk.Write(1, 16 * Block, Filled(8, 2), fua: false);
        CutReport report = disk.Cut();
        Assert.Equal(Units(1), report.Atomicity);
        Assert.Equal([1L, 8L], report.Pending.Select(p => p.AtomCount));
        Assert.Equal([Units(8), null], report.Pending.Select(p => p.Atomicity));
        Assert.Equal([Units(8), Units(1)], disk.WithEvidence(e => e.Commands.Select(c => c.Atomicity).ToArray()));
        int torn = 0;
        for (ulong seed = 0; seed < 50; seed++)
        {
            report = disk.Recut(seed);
            Assert.NotEqual(PendingOutcome.Torn, report.Pending[0].Outcome);
            torn += report.Pending[1].Outcome == PendingOutcome.Torn ? 1 : 0;
            Verdict verdict = LegalityOracle.Judge(
                recorder.Trace, new MemoryImage(new byte[1 << 20]), MemoryImage.Of(disk), JudgeOptions.Default);
            Assert.True(verdict.IsLegal, $"cut seed {seed}: {verdict}");
        }

        Assert.InRange(torn, 40, 50);
    }

    [Fact]
    public async Task A_write_that_waits_for_room_goes_by_the_promises_it_was_accepted_under()
    {
        FailingMedium? medium = null;
        DiskOptions options = Options with { FilePath = _image.Path, SyncToHost = false, CacheBytes = 16 * Block };
        using Disk disk = new(options, events: null, inner => medium = new FailingMedium(inner));
        disk.Write(1, 0, Filled(8, 1), fua: false);
        disk.Write(1, 8 * Block, Filled(8, 2), fua: false);
        medium!.Hold();
        Task<DiskStatus> waiting = Task.Run(() => disk.Write(1, 16 * Block, Filled(8, 3), fua: false));
        medium.WaitForWrite();
        Promise(disk, Units(1));
        medium.LetGo();
        Assert.Equal(DiskStatus.Ok, await waiting);
        PendingEntry last = disk.Cut().Pending[^1];
        Assert.Equal((16L * Block, 1L), (last.OffsetBytes, last.AtomCount));
        Assert.Equal(Units(8), last.Atomicity);
    }

    [Fact]
    public void A_cut_is_judged_by_the_promises_that_held_then_also_after_a_change_while_off()
    {
        using Disk disk = new(Options);
        disk.Write(1, 0, Filled(8, 1), fua: false);
        disk.Cut();
        Promise(disk, Units(1));
        CutReport again = disk.Recut();
        Assert.Equal(Units(8), again.Atomicity);
        Assert.Equal(1, Assert.Single(again.Pending).AtomCount);
        disk.PowerOn();
        disk.Write(disk.PowerEpoch, 0, Filled(8, 1), fua: false);
        Assert.Equal(8, Assert.Single(disk.Cut().Pending).AtomCount);
    }

    [Fact]
    public void Loss_and_seed_hold_from_the_next_cut_on()
    {
        using Disk disk = new(Options);
        disk.Change(o => o with { Seed = 99, Loss = LossModel.KeepAll });
        CutReport report = disk.Cut();
        Assert.Equal(("keep-all", SplitMix64.Hash(99, 1) >> 11), (report.Loss.ToString(), report.Seed));
        Assert.Equal((99UL, LossModel.KeepAll), (disk.Options.Seed, disk.Options.Loss));
    }

    [Fact]
    public void What_does_not_hold_or_cannot_change_changes_nothing()
    {
        using Disk disk = new(Options);
        DiskOptions before = disk.Options;
        AtomicityParameters tooLarge = Units(33);
        Assert.StartsWith(
            "awupf", Assert.Throws<ArgumentException>(() => disk.Change(o => o with { Seed = 1, Atomicity = tooLarge })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => disk.Change(o => o with { Seed = 1, CacheBytes = 1 << 20 }));
        Assert.Throws<ArgumentException>(() => disk.Change(o => o with { Seed = 1, Name = "other" }));
        Assert.Throws<DeviceIoException>(() => disk.Change(_ => throw new DeviceIoException("of the caller's own", LibC.EIO)));
        Assert.Equal(before, disk.Options);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Changes_beside_writes_and_a_cut_leave_platters_that_hold_what_each_write_was_promised(bool onFile)
    {
        for (ulong seed = 1; seed <= (onFile ? 5UL : 20UL); seed++)
        {
            File.Delete(_image.Path);
            DiskOptions options = Options with
            {
                Seed = seed,
                CacheBytes = 128 << 10,
                SyncToHost = false,
                FilePath = onFile ? _image.Path : null,
            };
            TraceRecorder recorder = new(options);
            using Disk disk = new(options, recorder);
            CutUnderChanges(disk, seed);
            Verdict verdict = LegalityOracle.Judge(
                recorder.Trace, new MemoryImage(new byte[options.SizeBytes]), MemoryImage.Of(disk), JudgeOptions.Default);
            Assert.True(verdict.IsLegal, $"seed {seed}: {verdict}\n{string.Join('\n', verdict.Violations)}");
            Assert.True(recorder.Trace.Steps.Select(s => s.Promise.AwupfBytes).Distinct().Count() > 1, $"seed {seed}: no change came between");
        }
    }

    private static void CutUnderChanges(Disk disk, ulong seed)
    {
        using CountdownEvent busy = new(3);
        Task[] tasks = [.. Enumerable.Range(0, 3).Select(n => Task.Run(() => WriteUntilCut(disk, SplitMix64.Hash(seed, (ulong)n), busy)))];
        busy.Wait();
        disk.Cut();
        Task.WaitAll(tasks);
    }

    private static void WriteUntilCut(Disk disk, ulong seed, CountdownEvent busy)
    {
        SplitMix64 chance = new(seed);
        for (int n = 0; ; n++)
        {
            if (n == 100)
            {
                busy.Signal();
            }

            if (n % 8 == 0)
            {
                Promise(disk, Units((int)(1 + chance.NextBelow(32))));
            }

            int blocks = (int)(1 + chance.NextBelow(32));
            long offset = (long)chance.NextBelow((ulong)((disk.SizeBytes / Block) - blocks)) * Block;
            byte[] payload = Filled(blocks, (byte)(1 + chance.NextBelow(255)));
            DiskStatus status = disk.Write(1, offset, payload, fua: chance.NextCoin(0.1));
            if (status == DiskStatus.PowerLost)
            {
                return;
            }

            Assert.Equal(DiskStatus.Ok, status);
        }
    }
}

using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests;

public sealed class ThreadedTests
{
    [Theory]
    [InlineData(false, IsolationMode.Nvme, false, 30)]
    [InlineData(true, IsolationMode.Nvme, false, 10)]
    [InlineData(false, IsolationMode.Nvme, true, 8)]
    [InlineData(true, IsolationMode.Nvme, true, 4)]
    [InlineData(false, IsolationMode.Exclusive, false, 6)]
    [InlineData(true, IsolationMode.Shared, false, 6)]
    [InlineData(false, IsolationMode.Page, true, 8)]
    [InlineData(true, IsolationMode.Page, false, 6)]
    [InlineData(false, IsolationMode.HandOverHand, true, 8)]
    [InlineData(true, IsolationMode.HandOverHand, false, 6)]
    public void Cuts_under_four_threads_leave_legal_platters_and_the_log_replays_to_the_same_bytes(
        bool onFile, IsolationMode mode, bool isAdversarial, int seeds)
    {
        using TempImage image = new();
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            DiskOptions options = new()
            {
                Name = "t",
                SizeBytes = 1 << 20,
                Seed = seed,
                CacheBytes = 256 << 10,
                SyncToHost = false,
                FilePath = onFile ? image.Path : null,
                Isolation = new IsolationRule(mode, isAdversarial),
            };
            File.Delete(image.Path);
            TraceRecorder recorder = new(options);
            using Disk disk = new(options, recorder);
            CutReport report = CutUnderLoad(disk, seed);
            MemoryImage platter = MemoryImage.Of(disk);
            Verdict verdict = LegalityOracle.Judge(
                recorder.Trace, new MemoryImage(new byte[options.SizeBytes]), platter, JudgeOptions.Default);
            Assert.True(verdict.IsLegal, $"seed {seed}: {verdict}\n{string.Join('\n', verdict.Violations)}");
            Assert.True(recorder.Trace.Steps.Count > 100, $"seed {seed}: hardly any load");
            Assert.Equal(Replay(options with { FilePath = null }, recorder, report), platter.Bytes);
        }
    }

    private static CutReport CutUnderLoad(Disk disk, ulong seed)
    {
        long epoch = disk.PowerEpoch;
        using CountdownEvent busy = new(4);
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(n => new Thread(() => Load(disk, epoch, SplitMix64.Hash(seed, (ulong)n), busy)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        busy.Wait();
        CutReport report = disk.Cut();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return report;
    }

    private static void Load(Disk disk, long epoch, ulong seed, CountdownEvent busy)
    {
        SplitMix64 chance = new(seed);
        ulong warmUp = 30 + chance.NextBelow(100);
        SplitMix64 ways = new(~seed);
        using RandomTransfers transfers = new(disk);
        for (ulong n = 0; ; n++)
        {
            if (n == warmUp)
            {
                busy.Signal();
            }

            int length = (int)(1 + chance.NextBelow(chance.NextCoin(0.1) ? 128UL : 9UL)) * 512;
            long offset = (long)chance.NextBelow((ulong)(disk.SizeBytes - length) / 512) * 512;
            byte[] buffer = new byte[length];
            for (int i = 0; i < length; i += 512)
            {
                BitConverter.TryWriteBytes(buffer.AsSpan(i), chance.Next());
            }

            DiskStatus status = chance.NextBelow(20) switch
            {
                0 => disk.Flush(epoch),
                1 => disk.Trim(epoch, offset, length, fua: false),
                2 => disk.WriteZeroes(epoch, offset, length, fua: false, mayPunchHole: true),
                3 or 4 => transfers.Write(ref ways, epoch, offset, buffer, fua: true),
                5 or 7 => transfers.Read(ref ways, epoch, offset, buffer, $"seed {seed}"),
                6 => disk.Write(epoch, offset + 100, buffer.AsSpan(0, length - 200), fua: false),
                _ => transfers.Write(ref ways, epoch, offset, buffer, fua: false),
            };
            if (status == DiskStatus.PowerLost)
            {
                return;
            }

            Assert.Equal(DiskStatus.Ok, status);
        }
    }

    /// <summary>Plays a log in one thread on a memory disk: the same steps, acknowledgements and destages in their order.</summary>
    private static byte[] Replay(DiskOptions options, TraceRecorder recorder, CutReport report)
    {
        using Disk disk = new(options with { CacheBytes = 1 << 30 });
        Dictionary<long, PendingCommand> commands = [];
        lock (disk.Core.Gate)
        {
            foreach ((char kind, long number) in recorder.Log)
            {
                if (kind == 's')
                {
                    BlockEmu.Oracle.Traces.TraceStep step = recorder.Trace.Steps[(int)number - 1];
                    ByteRange range = new(step.Range.OffsetBytes, step.Range.LengthBytes);
                    PendingCommand command = disk.Core.Step((WriteKind)step.Kind, range, step.Payload.Span, step.IsFua);
                    Assert.Equal(number, command.Sequence);
                    commands[number] = command;
                }
                else if (commands[number] is { List: not null } command && command.Sequence == number)
                {
                    if (kind == 'd')
                    {
                        disk.Core.Persist(command);
                    }
                    else
                    {
                        disk.Core.Acknowledge(number, command, isFua: false);
                    }
                }
            }
        }

        disk.Cut(report.Seed, report.Loss);
        return MemoryImage.Of(disk).Bytes;
    }
}

using BlockEmu.Device.Power;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>What is left when a simulated disk has lost its power.</summary>
internal sealed class SimulatedCuts(Disk disk, NaiveDisk naive, TraceRecorder recorder)
{
    private readonly int _block = disk.Options.BlockSizeBytes;
    private MemoryImage _first = new(new byte[disk.SizeBytes]);
    private MemoryImage? _platter;

    /// <summary>Holds the platter against what the naive model foretells, byte for byte, and against what the oracle calls legal.</summary>
    public string? Judge(CutReport report)
    {
        string what = $"{report.Loss}, seed {report.Seed}";
        MemoryImage platter = _platter = MemoryImage.Of(disk, _platter);
        ulong[] contents = BlockContent.ReadAll(platter.Bytes, _block);
        if (naive.Predict(report.Loss, report.Seed) is { } predicted)
        {
            int wrong = contents.AsSpan().CommonPrefixLength(predicted);
            if (wrong < contents.Length)
            {
                return $"{what}: block {wrong} holds {contents[wrong]}, not {predicted[wrong]}";
            }
        }
        else if (report.Loss.Kind == LossModelKind.Fifo && !naive.IsPrefix(contents))
        {
            return $"{what}: the platter is no prefix";
        }

        JudgeOptions options = new() { Loss = RandomOptions.ClaimOf(report.Loss) };
        Verdict verdict = LegalityOracle.Judge(recorder.Trace, _first, platter, options);
        return verdict.IsLegal ? null : $"{what}: {verdict} {string.Join("; ", verdict.Violations)}";
    }

    /// <summary>After a shutdown: a block that does not hold what was visible.</summary>
    public string? FindLost()
    {
        ulong[] contents = BlockContent.ReadAll((_platter = MemoryImage.Of(disk, _platter)).Bytes, _block);
        for (int block = 0; block < contents.Length; block++)
        {
            if (contents[block] != naive.Visible(block))
            {
                return $"block {block} holds {contents[block]}, not {naive.Visible(block)}";
            }
        }

        return null;
    }

    /// <summary>The power is about to come back.</summary>
    public void Restart()
    {
        (_first, _platter) = (MemoryImage.Of(disk, _platter), _first);
        naive.Restart(BlockContent.ReadAll(_first.Bytes, _block));
    }
}

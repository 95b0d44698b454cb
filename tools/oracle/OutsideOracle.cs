using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;

namespace BlockEmu.Oracle;

/// <summary>Judges what a power cut left from what clients saw, with no trust in the disk's own order.</summary>
/// <remarks>
/// The contract (the semantics, section 4, "from outside"), in the numbers that documents refer to:
/// <list type="number">
/// <item><description>An atom is required when its request was answered with success, and had FUA, or the cache was off, or a
/// flush that was sent after that answer was itself answered with success.</description></item>
/// <item><description>It is observed when a block shows it. S is what is required or observed.</description></item>
/// <item><description>What was answered before something else was sent comes before it; every member of S that covers a block
/// comes before the one that the block shows. There is no circle.</description></item>
/// <item><description>A block that shows the first content is covered by no member of S.</description></item>
/// <item><description>Where several requests may have left a block's bytes, some choice for all such blocks meets
/// 1 to 4.</description></item>
/// <item><description>Blocks that no request covers show the first content.</description></item>
/// </list>
/// A disk that keeps the contract of <see cref="LegalityOracle"/> keeps this one; what this one cannot see (which of two
/// requests in flight together came first) it does not refuse.
/// </remarks>
public static class OutsideOracle
{
    /// <summary>Judges what clients read after power on.</summary>
    /// <param name="log">What they saw since the power on before.</param>
    /// <param name="first">What the disk held then.</param>
    /// <param name="image">What it holds now.</param>
    /// <param name="options">Bounds; a loss claim is for event logs, which have an order: an
    /// <see cref="ArgumentException"/>.</param>
    public static Verdict Judge(ClientLog log, IPlatterImage first, IPlatterImage image, JudgeOptions? options = null)
    {
        options ??= JudgeOptions.Default;
        if (options.Loss != LossClaim.Any)
        {
            throw new ArgumentException("a loss claim can't be judged from outside", nameof(options));
        }

        try
        {
            return Judge(new OutsideCase(log, first, image), options);
        }
        catch (BudgetExhaustedException)
        {
            return Verdict.Undecided($"the judgement costs more than its budget of {options.Budget}");
        }
    }

    private static Verdict Judge(OutsideCase judged, JudgeOptions options)
    {
        WorkBudget budget = new(options.Budget);
        VersionMap map = VersionMap.Build(judged.Judged, budget);
        CoverTable table = new(judged, BlockTable.Build(judged.Judged, map, budget), budget);
        WriterState state = new(table, new StepOrder(table.Steps, budget), budget);
        WriterSearch search = new(table, state, budget);
        OutsideExplainer explainer = new(judged, table, state, search);
        List<Violation> found = [];
        long count = 0;
        search.Settle(
            table.Atoms.Index().Where(a => judged.IsRequired(a.Item.Version)).Select(static a => a.Index),
            block =>
            {
                count++;
                if (found.Count < options.MaxViolations)
                {
                    found.Add(explainer.Explain(block));
                }
            });
        if (options.ChecksUntouched)
        {
            count += UntouchedCheck.Run(judged.Judged, map, budget, found, options.MaxViolations);
        }

        if (count == 0 && !search.TryFinish())
        {
            (count, found) = (1, [explainer.ExplainSearch(search.HardestBlock)]);
        }

        return count == 0 ? Verdict.Legal("some order of what survived explains every block") : Verdict.Of(found, count);
    }
}

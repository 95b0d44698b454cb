namespace BlockEmu.Oracle.Judging;

/// <summary>The order of a judgement: the contract first, then what is demanded on top of it.</summary>
internal static class CaseJudge
{
    /// <summary>Judges a trace's case under the options' loss claim.</summary>
    public static Verdict Judge(JudgeCase judged, JudgeOptions options, Func<int, string> whyRequired)
    {
        try
        {
            WorkBudget budget = new(options.Budget);
            VersionMap map = VersionMap.Build(judged, budget);
            BlockTable blocks = BlockTable.Build(judged, map, budget);
            Verdict verdict = Contract(judged, map, blocks, budget, options, whyRequired);
            return verdict.IsLegal ? Claim(judged, map, blocks, budget, options) ?? verdict : verdict;
        }
        catch (BudgetExhaustedException)
        {
            return Verdict.Undecided($"the judgement costs more than its budget of {options.Budget}");
        }
    }

    /// <summary>Judges a case under demands on single atoms; legal when some S explains the platter and meets them.</summary>
    public static Verdict JudgeDemands(
        JudgeCase judged, JudgeOptions options, Func<int, long, AtomFate> fate, string demand)
    {
        try
        {
            WorkBudget budget = new(options.Budget);
            BlockTable blocks = BlockTable.Build(judged, VersionMap.Build(judged, budget), budget);
            return Demands(judged, blocks, budget, options, fate, demand) ?? Verdict.Legal($"as {demand} says");
        }
        catch (BudgetExhaustedException)
        {
            return Verdict.Undecided($"the judgement costs more than its budget of {options.Budget}");
        }
    }

    private static Verdict Contract(
        JudgeCase judged, VersionMap map, BlockTable blocks, WorkBudget budget, JudgeOptions options,
        Func<int, string> whyRequired)
    {
        SurvivorSearch search = new(judged, blocks, budget);
        List<int> failed = search.Run();
        Explainer explainer = new(judged, blocks, search, whyRequired);
        List<Violation> found = [];
        foreach (int block in failed.Take(options.MaxViolations))
        {
            found.Add(explainer.Explain(block));
        }

        long count = failed.Count;
        if (options.ChecksUntouched)
        {
            count += UntouchedCheck.Run(judged, map, budget, found, options.MaxViolations);
        }

        return count == 0 ? Verdict.Legal("every block is explained") : Verdict.Of(found, count);
    }

    private static Verdict? Claim(
        JudgeCase judged, VersionMap map, BlockTable blocks, WorkBudget budget, JudgeOptions options) =>
        options.Loss switch
        {
            LossClaim.LoseAll => Demands(judged, blocks, budget, options, (_, _) => AtomFate.Lost, "lose-all"),
            LossClaim.KeepAll => Demands(
                judged, blocks, budget, options,
                (v, _) => judged.Versions[v].IsAcknowledged ? AtomFate.Kept : AtomFate.Free, "keep-all"),
            LossClaim.Fifo => Prefix(judged, blocks, budget, options, "prefix of the steps"),
            LossClaim.Epoch => Prefix(judged, blocks, budget, options, "prefix that ends at a flush"),
            LossClaim.Adversary => Adversary(judged, map, blocks, budget),
            _ => null,
        };

    private static Verdict? Demands(
        JudgeCase judged, BlockTable blocks, WorkBudget budget, JudgeOptions options, Func<int, long, AtomFate> fate,
        string demand)
    {
        SurvivorSearch search = new(judged, blocks, budget, fate);
        List<Violation> found = [];
        long count = 0;
        foreach (int block in search.Run())
        {
            count++;
            if (found.Count < options.MaxViolations)
            {
                found.Add(NotAsDemanded(judged, blocks, block, demand));
            }
        }

        foreach ((int block, int version) in search.UnmetDemands())
        {
            count++;
            if (found.Count < options.MaxViolations)
            {
                long offset = blocks.OffsetOf(block);
                long sequence = judged.Versions[version].Sequence;
                found.Add(new Violation(
                    ViolationKind.DemandUnmet, offset, null, [sequence],
                    $"block {offset}: step {sequence} survived, {demand} says, but it does not show"));
            }
        }

        return count == 0 ? null : Verdict.Of(found, count);
    }

    private static Violation NotAsDemanded(JudgeCase judged, BlockTable blocks, int block, string demand)
    {
        long offset = blocks.OffsetOf(block);
        foreach (int version in blocks.PendingOf(block))
        {
            if (blocks.Shows(block, version))
            {
                long sequence = judged.Versions[version].Sequence;
                return new Violation(
                    ViolationKind.DemandUnmet, offset, null, [sequence],
                    $"block {offset}: shows step {sequence}, though {demand} says that this atom is lost");
            }
        }

        return new Violation(
            ViolationKind.DemandUnmet, offset, null, [], $"block {offset}: shows nothing that {demand} leaves possible");
    }

    private static Verdict? Prefix(JudgeCase judged, BlockTable blocks, WorkBudget budget, JudgeOptions options, string what)
    {
        PrefixSearch search = new(judged, blocks, budget, endsAtFlushes: options.Loss == LossClaim.Epoch);
        if (search.Run())
        {
            return null;
        }

        List<Violation> found = [];
        long count = 0;
        foreach ((int block, int version) in search.WrongBlocks())
        {
            count++;
            if (found.Count < options.MaxViolations)
            {
                long offset = blocks.OffsetOf(block);
                string due = version == VersionMap.FirstContent ? judged.FirstName : $"step {judged.Versions[version].Sequence}";
                found.Add(new Violation(
                    ViolationKind.DemandUnmet, offset, null,
                    version == VersionMap.FirstContent ? [] : [judged.Versions[version].Sequence],
                    $"block {offset}: no {what} explains the platter; the nearest one has {due} here"));
            }
        }

        return Verdict.Of(found, count);
    }

    private static Verdict? Adversary(JudgeCase judged, VersionMap map, BlockTable blocks, WorkBudget budget)
    {
        AdversarySearch search = new(judged, map, blocks, budget);
        if (search.Run())
        {
            return null;
        }

        long offset = blocks.OffsetOf(search.NearestWrong);
        return Verdict.Of(
            [new Violation(
                ViolationKind.DemandUnmet, offset, null, [],
                $"block {offset}: there is no command such that losing what is older and keeping what is newer (torn at most "
                + "once each) explains the platter")],
            1);
    }
}

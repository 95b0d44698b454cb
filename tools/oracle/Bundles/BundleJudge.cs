using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Judges a bundle offline: legality, claims, replay (docs/bundle-format.md, section 5).</summary>
public static class BundleJudge
{
    /// <summary>Judges.</summary>
    public static BundleVerdict Judge(Bundle bundle, JudgeOptions? options = null)
    {
        BundleManifest manifest = bundle.Manifest;
        JudgeOptions bounds = (options ?? JudgeOptions.Default) with { ChecksUntouched = false, Loss = LossClaim.Any };
        AtomLayout[] atoms =
            [.. manifest.Pending.Select(c => AtomLayout.For(c.Range.OffsetBytes, c.Range.LengthBytes, c.Promise ?? manifest.Promise))];
        JudgeCase judged = ToCase(bundle, atoms);
        return new BundleVerdict(
            Legality(judged, manifest, bounds),
            Claims(judged, manifest, atoms, bounds),
            Replay(judged, manifest, atoms, bounds));
    }

    private static JudgeCase ToCase(Bundle bundle, AtomLayout[] atoms)
    {
        int block = bundle.Manifest.Promise.BlockSizeBytes;
        List<Judging.Version> versions = [];
        foreach (BundleCommand c in bundle.Manifest.Pending)
        {
            versions.Add(new Judging.Version(
                c.Sequence, IsRequired: false, c.IsAcknowledged, new ImageContent(c.Data, block), atoms[versions.Count], c.Live));
        }

        return new JudgeCase(bundle.Manifest.SizeBytes, block, bundle.OldPlatter, bundle.NewPlatter, versions)
        {
            FirstName = "the old content",
        };
    }

    private static Verdict Legality(JudgeCase judged, BundleManifest manifest, JudgeOptions options)
    {
        Verdict contract = CaseJudge.Judge(judged, options, _ => "required");
        return contract.IsLegal && manifest.Pending.Any(c => c.MustSurvive)
            ? CaseJudge.JudgeDemands(
                judged, options, (v, _) => manifest.Pending[v].MustSurvive ? AtomFate.Kept : AtomFate.Free,
                "a destage that failed half way")
            : contract;
    }

    private static Verdict Claims(JudgeCase judged, BundleManifest manifest, AtomLayout[] atoms, JudgeOptions options)
    {
        List<Violation> found = [];
        for (int i = 0; i < atoms.Length; i++)
        {
            BundleCommand command = manifest.Pending[i];
            if (ClaimCheck.Contradiction(command, atoms[i]) is { } contradiction)
            {
                found.Add(Unmet(command, $"step {command.Sequence}: {contradiction}"));
            }
        }

        return found.Count > 0
            ? Verdict.Of([.. found.Take(options.MaxViolations)], found.Count)
            : CaseJudge.JudgeDemands(
                judged, options, (v, atom) => ClaimCheck.FateOf(manifest.Pending[v], atoms[v].RangeOf(atom)), "the report");
    }

    private static Verdict Replay(JudgeCase judged, BundleManifest manifest, AtomLayout[] atoms, JudgeOptions options)
    {
        SurvivorReplay replay = new(manifest, atoms);
        string demand = $"{manifest.Loss.Text} with seed {manifest.Seed}";
        Verdict bytes = CaseJudge.JudgeDemands(
            judged, options, (v, atom) => replay.Survives(v, atom) ? AtomFate.Kept : AtomFate.Lost, demand);
        return bytes.IsLegal ? Outcomes(manifest, replay, options, demand) ?? bytes : bytes;
    }

    /// <summary>Survivors under newer survivors do not show in the bytes: compare what the report says of them, too.</summary>
    private static Verdict? Outcomes(BundleManifest manifest, SurvivorReplay replay, JudgeOptions options, string demand)
    {
        List<Violation> found = [];
        try
        {
            WorkBudget budget = new(options.Budget);
            for (int i = 0; i < manifest.Pending.Count; i++)
            {
                BundleCommand command = manifest.Pending[i];
                List<Extent> kept = replay.Kept(i, budget);
                List<Extent> lost = ExtentSet.Subtract(ExtentSet.Union(command.Live), kept);
                BundleOutcome outcome = (kept.Count, lost.Count) switch
                {
                    (0, 0) => BundleOutcome.Superseded,
                    (0, _) => BundleOutcome.Lost,
                    (_, 0) => BundleOutcome.Kept,
                    _ => BundleOutcome.Torn,
                };
                bool areRangesTold = command.RangesOmitted == 0;
                if (outcome != command.Outcome || (areRangesTold && !ExtentSet.Union(command.Kept).SequenceEqual(kept)))
                {
                    found.Add(Unmet(
                        command,
                        $"step {command.Sequence}: the report says {command.Outcome}, {demand} makes it {outcome}"
                        + (outcome == command.Outcome ? " in other ranges" : "")));
                }
            }
        }
        catch (BudgetExhaustedException)
        {
            return Verdict.Undecided($"the replay costs more than its budget of {options.Budget}");
        }

        return found.Count == 0 ? null : Verdict.Of([.. found.Take(options.MaxViolations)], found.Count);
    }

    private static Violation Unmet(BundleCommand command, string text) =>
        new(ViolationKind.DemandUnmet, command.Range.OffsetBytes, null, [command.Sequence], text);
}

namespace BlockEmu.Oracle.Judging;

/// <summary>Says why no subset explains a block, in words a person can act on.</summary>
internal sealed class Explainer(
    JudgeCase judged, BlockTable blocks, SurvivorSearch search, Func<int, string> whyRequired)
{
    private const int MaxNamed = 8;

    /// <summary>Explains a block whose pending versions are all thrown out and whose base does not show.</summary>
    public Violation Explain(int block)
    {
        long offset = blocks.OffsetOf(block);
        int required = blocks.BaseOf(block);
        foreach (int version in blocks.PendingOf(block))
        {
            if (blocks.Shows(block, version))
            {
                return Torn(block, version);
            }
        }

        int older = required == VersionMap.FirstContent ? -1 : OlderShown(block, required);
        if (older >= 0)
        {
            long lost = judged.Versions[required].Sequence;
            long back = judged.Versions[older].Sequence;
            return new Violation(
                ViolationKind.SupersededReturned, offset, null, [lost, back],
                $"block {offset}: shows step {back}, which is dead under step {lost} ({whyRequired(required)})");
        }

        if (required != VersionMap.FirstContent && blocks.Shows(block, VersionMap.FirstContent))
        {
            long lost = judged.Versions[required].Sequence;
            return new Violation(
                ViolationKind.RequiredLost, offset, null, [lost],
                $"block {offset}: shows {judged.FirstName}, but step {lost} is required ({whyRequired(required)})");
        }

        return Foreign(block, required);
    }

    private Violation Torn(int block, int version)
    {
        long offset = blocks.OffsetOf(block);
        long sequence = judged.Versions[version].Sequence;
        long missing = blocks.OffsetOf(search.LostBecause(version, block));
        Images.Extent atom = judged.Versions[version].Atoms.RangeOf(judged.Versions[version].Atoms.IndexOf(offset));
        return new Violation(
            ViolationKind.TornAtom, offset, missing, [sequence],
            $"block {offset}: shows step {sequence}, but block {missing} of the same atom "
            + $"({atom.OffsetBytes}+{atom.LengthBytes}) shows neither it nor anything newer: the atom is torn");
    }

    private Violation Foreign(int block, int required)
    {
        long offset = blocks.OffsetOf(block);
        List<long> candidates = [];
        foreach (int version in blocks.PendingOf(block))
        {
            candidates.Add(judged.Versions[version].Sequence);
        }

        string lowest = judged.FirstName;
        if (required != VersionMap.FirstContent)
        {
            candidates.Add(judged.Versions[required].Sequence);
            lowest = $"step {judged.Versions[required].Sequence}, which is required ({whyRequired(required)}),";
        }

        string pending = blocks.PendingOf(block).Length == 0 ? "" : $" nor any of the pending steps above it ({Names(blocks.PendingOf(block))})";
        return new Violation(
            ViolationKind.ForeignData, offset, null, candidates,
            $"block {offset}: shows neither {lowest}{pending}: nobody wrote this");
    }

    private string Names(ReadOnlySpan<int> versions)
    {
        List<long> names = [];
        foreach (int version in versions[..Math.Min(MaxNamed, versions.Length)])
        {
            names.Add(judged.Versions[version].Sequence);
        }

        return string.Join(", ", names) + (versions.Length > MaxNamed ? ", ..." : "");
    }

    /// <summary>The newest version below the required one that the block shows; -1 = none.</summary>
    private int OlderShown(int block, int required)
    {
        long offset = blocks.OffsetOf(block);
        for (int v = required - 1; v >= 0; v--)
        {
            foreach (Images.Extent live in judged.Versions[v].Live)
            {
                if (live.OffsetBytes <= offset && offset < live.EndBytes && blocks.Shows(block, v))
                {
                    return v;
                }
            }
        }

        return -1;
    }
}

using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>Random histories with distinct contents, seen by clients: what is legal by the event log is legal from outside, and
/// damage is found wherever clients can know of it.</summary>
public sealed class OutsideMutationTests
{
    private const int Block = 512;
    private const int Seeds = 10_000;

    /// <summary>Wrong whatever order what was in flight had; unless the block shows zeroes, which a trim may have left.</summary>
    private static readonly string[] s_certain = ["lost required", "untouched", "foreign"];

    [Fact]
    public void What_any_subset_leaves_is_legal_and_damage_that_clients_can_see_is_found()
    {
        Dictionary<string, (int Found, int All)> counts = [];
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            RandomCut cut = new(new Dice(seed));
            Verdict verdict = cut.JudgeOutside(cut.Platter);
            Assert.True(verdict.IsLegal, $"seed {seed}: {verdict}");
            foreach ((string damage, int[] platter, int block, _) in cut.Damages())
            {
                Verdict bad = cut.JudgeOutside(platter);
                Assert.NotEqual(VerdictKind.Undecided, bad.Kind);
                (int found, int all) = counts.GetValueOrDefault(damage);
                counts[damage] = (found + (bad.IsLegal ? 0 : 1), all + 1);
                if (Array.IndexOf(s_certain, damage) >= 0 && platter[block] != 0)
                {
                    Assert.True(
                        bad.Violations.Any(v => v.OffsetBytes == block * Block || v.RelatedOffsetBytes == block * Block),
                        $"seed {seed}: {damage} in block {block}: {bad}");
                }
            }
        }

        // An older version may return, and an atom be torn, where the requests were in flight together: half of the time here.
        Assert.All(["resurrected", "torn"], damage => Assert.True(
            counts[damage].Found > counts[damage].All / 4 && counts[damage].All > Seeds / 20, $"{damage}: {counts[damage]}"));
    }
}

using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>Random traces with distinct contents: what a subset leaves is legal; each kind of damage is refused where it is.</summary>
public sealed class MutationTests
{
    private const int Block = 512;
    private const int Seeds = 20_000;

    [Fact]
    public void What_any_subset_leaves_is_legal_and_damage_to_it_is_not()
    {
        Dictionary<string, int> refused = [];
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            RandomCut cut = new(new Dice(seed));
            Verdict verdict = cut.Judge(cut.Platter);
            Assert.True(verdict.IsLegal, $"seed {seed}: {verdict}");
            foreach ((string damage, int[] platter, int block, long? sequence) in cut.Damages())
            {
                Verdict bad = cut.Judge(platter);
                Assert.True(bad.Kind == VerdictKind.Illegal, $"seed {seed}: {damage} in block {block} was found {bad}");
                Assert.True(
                    bad.Violations.Any(v => v.OffsetBytes == block * Block || v.RelatedOffsetBytes == block * Block),
                    $"seed {seed}: {damage} in block {block}: {bad}");
                Assert.True(
                    sequence is not { } named || bad.Violations.Any(v => v.Sequences.Contains(named)),
                    $"seed {seed}: {damage} of step {sequence} in block {block}: {bad}");
                refused[damage] = refused.GetValueOrDefault(damage) + 1;
            }
        }

        Assert.All(
            (string[])["lost required", "resurrected", "torn", "untouched", "foreign"],
            damage => Assert.True(refused.GetValueOrDefault(damage) > Seeds / 20, $"{damage}: {refused.GetValueOrDefault(damage)}"));
    }
}

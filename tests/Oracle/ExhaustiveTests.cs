using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>The strongest test of the oracle: small random traces, every subset of the pending atoms tried by brute force,
/// and the verdict compared for every platter there is over the alphabet and one symbol that nobody wrote.</summary>
public sealed class ExhaustiveTests
{
    private const int MaxAtoms = 12;

    [Theory]
    [InlineData(2, 5, 400)]
    [InlineData(3, 5, 300)]
    [InlineData(4, 4, 200)]
    [InlineData(9, 4, 60)]
    public void The_verdict_is_that_of_brute_force_for_every_platter(int symbols, int maxSteps, int cases)
    {
        int judged = 0;
        int legalCount = 0;
        for (ulong seed = 1; seed <= (ulong)cases; seed++)
        {
            TinyCase drawn = TinyCase.Draw(new Dice(seed * 1000 + (ulong)symbols), symbols, maxSteps);
            if (drawn.PendingAtoms().Count > MaxAtoms)
            {
                continue;
            }

            foreach (LossClaim claim in Enum.GetValues<LossClaim>())
            {
                legalCount += CompareAllPlatters(drawn, claim, Math.Min(symbols, 4), $"seed {seed} {claim}");
            }

            judged++;
        }

        Assert.True(judged > cases / 2, $"only {judged} of {cases} cases were small enough");
        Assert.True(legalCount > cases, $"only {legalCount} legal platters in all");
    }

    private static int CompareAllPlatters(TinyCase drawn, LossClaim claim, int symbols, string name)
    {
        HashSet<long> legal = drawn.LegalPlatters(claim);
        Traces.DiskTrace trace = drawn.ToTrace();
        ArrayPlatter first = new(TinyCase.Bytes(drawn.First), TinyCase.BlockBytes);
        JudgeOptions options = new() { Loss = claim };
        int[] platter = new int[drawn.BlockCount];
        int found = 0;
        do
        {
            int[] shown = [.. platter.Select(s => s == symbols ? 9 : s)];
            Verdict verdict = LegalityOracle.Judge(
                trace, first, new ArrayPlatter(TinyCase.Bytes(shown), TinyCase.BlockBytes), options);
            bool isLegal = legal.Contains(TinyCase.Number(shown));
            Assert.True(
                verdict.IsLegal == isLegal && verdict.Kind != VerdictKind.Undecided,
                $"{name}: platter {string.Join("", shown)} is {(isLegal ? "legal" : "illegal")}, the oracle says {verdict}; {drawn}");
            found += isLegal ? 1 : 0;
        }
        while (Increment(platter, symbols));
        return found;
    }

    private static bool Increment(int[] digits, int top)
    {
        for (int i = 0; i < digits.Length; i++)
        {
            if (digits[i]++ < top)
            {
                return true;
            }

            digits[i] = 0;
        }

        return false;
    }
}

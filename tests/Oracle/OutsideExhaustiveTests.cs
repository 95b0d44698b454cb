using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>The strongest test of the oracle from outside: small random client logs, every order and every subset tried by
/// brute force, and the verdict compared for every image there is over the alphabet and one symbol that nobody wrote.</summary>
public sealed class OutsideExhaustiveTests
{
    private const int MaxSteps = 6;
    private const int MaxAtoms = 8;

    [Theory]
    [InlineData(2, 5, 800)]
    [InlineData(3, 5, 600)]
    [InlineData(4, 6, 400)]
    [InlineData(9, 5, 300)]
    public void The_verdict_is_that_of_brute_force_for_every_image(int symbols, int maxRequests, int cases)
    {
        int judged = 0;
        Dictionary<ViolationKind, int> refused = [];
        for (ulong seed = 1; seed <= (ulong)cases; seed++)
        {
            TinyLog drawn = TinyLog.Draw(new Dice((seed * 1000) + (ulong)symbols), symbols, maxRequests);
            if (drawn.LegalImages(MaxSteps, MaxAtoms) is { } legal)
            {
                Compare(drawn, legal, Math.Min(symbols, 4), $"seed {seed}", refused);
                judged++;
            }
        }

        Assert.True(judged > cases / 2, $"only {judged} of {cases} cases were small enough");
        ViolationKind[] expected =
            [ViolationKind.RequiredLost, ViolationKind.SupersededReturned, ViolationKind.TornAtom, ViolationKind.ForeignData, ViolationKind.OrderBroken];
        Assert.All(expected, kind => Assert.True(refused.GetValueOrDefault(kind) > 0, $"{kind} was never found"));
    }

    private static void Compare(
        TinyLog drawn, HashSet<long> legal, int symbols, string name, Dictionary<ViolationKind, int> refused)
    {
        Outside.ClientLog log = drawn.ToLog();
        ArrayPlatter first = new(TinyCase.Bytes(drawn.First), TinyCase.BlockBytes);
        foreach (int[] image in AllImages(drawn.BlockCount, symbols))
        {
            Verdict verdict = OutsideOracle.Judge(log, first, new ArrayPlatter(TinyCase.Bytes(image), TinyCase.BlockBytes));
            bool isLegal = legal.Contains(TinyCase.Number(image));
            Assert.True(
                verdict.Kind == (isLegal ? VerdictKind.Legal : VerdictKind.Illegal),
                $"{name}: image {string.Join("", image)} is {(isLegal ? "legal" : "illegal")}, the oracle says {verdict}; {drawn}");
            foreach (Violation violation in verdict.Violations)
            {
                refused[violation.Kind] = refused.GetValueOrDefault(violation.Kind) + 1;
            }
        }
    }

    /// <summary>Every image over the symbols and 9, which may be nobody's.</summary>
    private static IEnumerable<int[]> AllImages(int blocks, int symbols)
    {
        int count = (int)Math.Pow(symbols + 1, blocks);
        for (int number = 0; number < count; number++)
        {
            int rest = number;
            int[] image = new int[blocks];
            for (int block = 0; block < blocks; block++, rest /= symbols + 1)
            {
                image[block] = rest % (symbols + 1) == symbols ? 9 : rest % (symbols + 1);
            }

            yield return image;
        }
    }
}

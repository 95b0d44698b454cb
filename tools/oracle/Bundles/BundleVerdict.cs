using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Bundles;

/// <summary>What a bundle's three judgements say.</summary>
/// <param name="Legality">Is the result allowed, whatever was claimed?</param>
/// <param name="Claims">Is it what the outcomes say?</param>
/// <param name="Replay">Is it what seed and loss model make of it, and do the outcomes say so?</param>
public sealed record BundleVerdict(Verdict Legality, Verdict Claims, Verdict Replay)
{
    /// <summary>Whether all three hold; undecided does not.</summary>
    public bool IsGood => Legality.IsLegal && Claims.IsLegal && Replay.IsLegal;

    /// <summary>The first that does not hold, in words.</summary>
    public string Message =>
        !Legality.IsLegal ? $"not legal: {Legality.Message}"
        : !Claims.IsLegal ? $"legal, but not as claimed: {Claims.Message}"
        : !Replay.IsLegal ? $"legal, but not what the seed makes: {Replay.Message}"
        : "legal, as claimed, and what the seed makes";
}

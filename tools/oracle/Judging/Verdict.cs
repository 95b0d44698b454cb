namespace BlockEmu.Oracle.Judging;

/// <summary>The answer to "is this platter legal after this trace, and if not, which block, which commands?"</summary>
public sealed record Verdict
{
    /// <summary>How it ended.</summary>
    public required VerdictKind Kind { get; init; }

    /// <summary>The first violations, at most <see cref="JudgeOptions.MaxViolations"/>; causes before consequences.</summary>
    public IReadOnlyList<Violation> Violations { get; init; } = [];

    /// <summary>How many blocks are wrong in all.</summary>
    public long ViolationCount { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Message { get; init; }

    /// <summary>Whether it is proven that the contract was kept; undecided is not.</summary>
    public bool IsLegal => Kind == VerdictKind.Legal;

    internal static Verdict Legal(string message) => new() { Kind = VerdictKind.Legal, Message = message };

    internal static Verdict Undecided(string message) => new() { Kind = VerdictKind.Undecided, Message = message };

    /// <summary>Puts causes first: a torn atom often follows from another block's fault.</summary>
    internal static Verdict Of(IReadOnlyList<Violation> violations, long count)
    {
        Violation[] ordered = [.. violations.OrderBy(v => v.Kind == ViolationKind.TornAtom)];
        string more = count > 1 ? $" (and {count - 1} more)" : "";
        return new Verdict
        {
            Kind = VerdictKind.Illegal,
            Violations = ordered,
            ViolationCount = count,
            Message = ordered[0].Text + more,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Message}";
}

using System.Globalization;

namespace BlockEmu.Oracle.Bundles;

/// <summary>A loss model as a bundle names it (docs/bundle-format.md, section 4).</summary>
/// <param name="Text">As written.</param>
/// <param name="Kind">Which.</param>
/// <param name="Probability">With <see cref="LossRuleKind.Random"/>; of the oldest with <see cref="LossRuleKind.Aged"/>.</param>
/// <param name="NewestProbability">With <see cref="LossRuleKind.Aged"/>.</param>
/// <param name="Picks">With <see cref="LossRuleKind.Explicit"/>.</param>
public sealed record LossRule(
    string Text, LossRuleKind Kind, double Probability, double NewestProbability, IReadOnlyList<AtomPick> Picks)
{
    /// <summary>Reads the text; <see langword="null"/> when it is none.</summary>
    public static LossRule? Parse(string text)
    {
        switch (text)
        {
            case "lose-all": return new LossRule(text, LossRuleKind.LoseAll, 0, 0, []);
            case "keep-all": return new LossRule(text, LossRuleKind.KeepAll, 0, 0, []);
            case "fifo": return new LossRule(text, LossRuleKind.Fifo, 0, 0, []);
            case "epoch": return new LossRule(text, LossRuleKind.Epoch, 0, 0, []);
            case "adversary": return new LossRule(text, LossRuleKind.Adversary, 0, 0, []);
        }

        if (text.StartsWith("random:", StringComparison.Ordinal))
        {
            return TryProbability(text.AsSpan(7), out double p) ? new LossRule(text, LossRuleKind.Random, p, 0, []) : null;
        }

        if (text.StartsWith("aged:", StringComparison.Ordinal))
        {
            string[] ends = text[5..].Split("..", 2);
            return ends.Length == 2 && TryProbability(ends[0], out double oldest) && TryProbability(ends[1], out double newest)
                ? new LossRule(text, LossRuleKind.Aged, oldest, newest, [])
                : null;
        }

        return text.StartsWith("explicit:", StringComparison.Ordinal) && ParsePicks(text.AsSpan(9)) is { } picks
            ? new LossRule(text, LossRuleKind.Explicit, 0, 0, picks)
            : null;
    }

    private static bool TryProbability(ReadOnlySpan<char> text, out double probability)
    {
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Style, CultureInfo.InvariantCulture, out probability) && probability is >= 0 and <= 1;
    }

    private static List<AtomPick>? ParsePicks(ReadOnlySpan<char> text)
    {
        List<AtomPick> picks = [];
        if (text.IsEmpty)
        {
            return picks;
        }

        foreach (Range item in text.Split(','))
        {
            if (ParsePick(text[item]) is not { } pick)
            {
                return null;
            }

            picks.Add(pick);
        }

        return picks;
    }

    private static AtomPick? ParsePick(ReadOnlySpan<char> item)
    {
        int dot = item.IndexOf('.');
        if (!TryNumber(dot < 0 ? item : item[..dot], out long sequence))
        {
            return null;
        }

        if (dot < 0)
        {
            return new AtomPick(sequence, 0, long.MaxValue);
        }

        ReadOnlySpan<char> atoms = item[(dot + 1)..];
        int dash = atoms.IndexOf('-');
        if (!TryNumber(dash < 0 ? atoms : atoms[..dash], out long first))
        {
            return null;
        }

        long last = first;
        return dash < 0 || (TryNumber(atoms[(dash + 1)..], out last) && last >= first)
            ? new AtomPick(sequence, first, last)
            : null;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

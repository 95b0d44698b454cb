using System.Globalization;

namespace BlockEmu.Device.Power;

/// <summary>How a cut picks the pending atoms that survive (SEMANTICS 4), as text:
/// <c>lose-all</c>, <c>keep-all</c>, <c>random:0.5</c>, <c>fifo</c>, <c>explicit:12,13.0,14.2-7</c>.</summary>
public sealed record LossModel
{
    private LossModel(LossModelKind kind, double probability = 0, IReadOnlyList<AtomSelection>? atoms = null)
    {
        Kind = kind;
        Probability = probability;
        Atoms = atoms ?? [];
    }

    /// <summary>Nothing pending survives.</summary>
    public static LossModel LoseAll { get; } = new(LossModelKind.LoseAll);

    /// <summary>Everything acknowledged survives (power-loss protection).</summary>
    public static LossModel KeepAll { get; } = new(LossModelKind.KeepAll);

    /// <summary>The platter is a prefix (an ordered device).</summary>
    public static LossModel Fifo { get; } = new(LossModelKind.Fifo);

    /// <summary><c>random:0.5</c>.</summary>
    public static LossModel Default { get; } = Random(0.5);

    /// <summary>Which model.</summary>
    public LossModelKind Kind { get; }

    /// <summary>With <see cref="LossModelKind.Random"/>: the probability that an atom survives.</summary>
    public double Probability { get; }

    /// <summary>With <see cref="LossModelKind.Explicit"/>: the survivors.</summary>
    public IReadOnlyList<AtomSelection> Atoms { get; }

    /// <summary>Each atom survives by itself with probability <paramref name="probability"/>.</summary>
    public static LossModel Random(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1.0);
        return new LossModel(LossModelKind.Random, probability);
    }

    /// <summary>Exactly these survive; atoms that are not pending are ignored. Of tied atoms (a Trim or WriteZeroes of more
    /// than 64), the first of a run decides for the run.</summary>
    public static LossModel Explicit(IReadOnlyList<AtomSelection> atoms) => new(LossModelKind.Explicit, 0, atoms);

    /// <summary>Reads the text form; <paramref name="fault"/> says what would be right.</summary>
    public static bool TryParse(string text, out LossModel model, out string fault)
    {
        fault = "";
        model = Default;
        switch (text)
        {
            case "lose-all": model = LoseAll; return true;
            case "keep-all": model = KeepAll; return true;
            case "fifo": model = Fifo; return true;
        }

        if (text == "random")
        {
            return true;
        }

        if (text.StartsWith("random:", StringComparison.Ordinal)
            && double.TryParse(text.AsSpan(7), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double p)
            && p is >= 0 and <= 1)
        {
            model = Random(p);
            return true;
        }

        if (text.StartsWith("explicit:", StringComparison.Ordinal) && TryParseAtoms(text.AsSpan(9), out List<AtomSelection> atoms))
        {
            model = Explicit(atoms);
            return true;
        }

        fault = $"'{text}' is none of lose-all, keep-all, random:P (0 to 1), fifo, explicit:N[.K[-M]],...";
        return false;
    }

    private static bool TryParseAtoms(ReadOnlySpan<char> text, out List<AtomSelection> atoms)
    {
        atoms = [];
        if (text.IsEmpty)
        {
            return true;
        }

        foreach (System.Range range in text.Split(','))
        {
            if (!AtomSelection.TryParse(text[range], out AtomSelection atom))
            {
                return false;
            }

            atoms.Add(atom);
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        LossModelKind.LoseAll => "lose-all",
        LossModelKind.KeepAll => "keep-all",
        LossModelKind.Random => string.Create(CultureInfo.InvariantCulture, $"random:{Probability:0.####################}"),
        LossModelKind.Fifo => "fifo",
        _ => "explicit:" + string.Join(',', Atoms),
    };

    /// <inheritdoc/>
    public bool Equals(LossModel? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(ToString(), StringComparison.Ordinal);
}

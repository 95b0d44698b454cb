using System.Globalization;

namespace BlockEmu.Device.Power;

/// <summary>How a cut picks the pending atoms that survive (SEMANTICS 4), as text: <c>lose-all</c>, <c>keep-all</c>,
/// <c>random:0.5</c>, <c>aged:0.9..0.1</c>, <c>fifo</c>, <c>epoch</c>, <c>adversary</c>, <c>explicit:12,13.0,14.2-7</c>.</summary>
public sealed record LossModel
{
    private const string Forms =
        "lose-all, keep-all, random:P, aged:P..Q (probabilities from 0 to 1), fifo, epoch, adversary, explicit:N[.K[-M]],...";

    private LossModel(LossModelKind kind, double probability = 0, double newest = 0, IReadOnlyList<AtomSelection>? atoms = null)
    {
        Kind = kind;
        Probability = probability;
        NewestProbability = newest;
        Atoms = atoms ?? [];
    }

    /// <summary>Nothing pending survives.</summary>
    public static LossModel LoseAll { get; } = new(LossModelKind.LoseAll);

    /// <summary>Everything acknowledged survives (power-loss protection).</summary>
    public static LossModel KeepAll { get; } = new(LossModelKind.KeepAll);

    /// <summary>The platter is a prefix (an ordered device).</summary>
    public static LossModel Fifo { get; } = new(LossModelKind.Fifo);

    /// <summary>The platter is a prefix that ends where a flush was accepted, or at one of the two ends.</summary>
    public static LossModel Epoch { get; } = new(LossModelKind.Epoch);

    /// <summary>Chosen to hurt.</summary>
    public static LossModel Adversary { get; } = new(LossModelKind.Adversary);

    /// <summary><c>random:0.5</c>.</summary>
    public static LossModel Default { get; } = Random(0.5);

    /// <summary>Which model.</summary>
    public LossModelKind Kind { get; }

    /// <summary>The probability that an atom survives: of each with <see cref="LossModelKind.Random"/>, of the oldest
    /// command's with <see cref="LossModelKind.Aged"/>.</summary>
    public double Probability { get; }

    /// <summary>With <see cref="LossModelKind.Aged"/>: the probability that an atom of the newest command survives.</summary>
    public double NewestProbability { get; }

    /// <summary>With <see cref="LossModelKind.Explicit"/>: the survivors.</summary>
    public IReadOnlyList<AtomSelection> Atoms { get; }

    /// <summary>Each atom survives by itself with probability <paramref name="probability"/>.</summary>
    public static LossModel Random(double probability)
    {
        ThrowIfNoProbability(probability);
        return new LossModel(LossModelKind.Random, probability);
    }

    /// <summary>Each atom survives by itself with a probability that goes evenly, by sequence number, from
    /// <paramref name="oldest"/> for the oldest pending command to <paramref name="newest"/> for the newest.</summary>
    public static LossModel Aged(double oldest, double newest)
    {
        ThrowIfNoProbability(oldest);
        ThrowIfNoProbability(newest);
        return new LossModel(LossModelKind.Aged, oldest, newest);
    }

    /// <summary>Exactly these survive; atoms that are not pending are ignored. Of tied atoms (a Trim or WriteZeroes of more
    /// than 64), the first of a run decides for the run.</summary>
    public static LossModel Explicit(IReadOnlyList<AtomSelection> atoms) => new(LossModelKind.Explicit, atoms: atoms);

    /// <summary>Reads the text form; <paramref name="fault"/> says what would be right.</summary>
    public static bool TryParse(string text, out LossModel model, out string fault)
    {
        int colon = text.IndexOf(':');
        string name = colon < 0 ? text : text[..colon];
        LossModel? read = colon < 0 ? OfName(name) : OfName(name, text.AsSpan(colon + 1));
        model = read ?? Default;
        fault = read is null ? $"'{text}' is none of {Forms}" : "";
        return read is not null;
    }

    private static LossModel? OfName(string name) => name switch
    {
        "lose-all" => LoseAll,
        "keep-all" => KeepAll,
        "random" => Default,
        "aged" => Aged(0.9, 0.1),
        "fifo" => Fifo,
        "epoch" => Epoch,
        "adversary" => Adversary,
        _ => null,
    };

    private static LossModel? OfName(string name, ReadOnlySpan<char> parameters)
    {
        switch (name)
        {
            case "random":
                return TryParseProbability(parameters, out double p) ? Random(p) : null;
            case "aged":
                int dots = parameters.IndexOf("..", StringComparison.Ordinal);
                return dots >= 0 && TryParseProbability(parameters[..dots], out double oldest)
                    && TryParseProbability(parameters[(dots + 2)..], out double newest) ? Aged(oldest, newest) : null;
            case "explicit":
                return TryParseAtoms(parameters, out List<AtomSelection> atoms) ? Explicit(atoms) : null;
            default:
                return null;
        }
    }

    private static bool TryParseProbability(ReadOnlySpan<char> text, out double probability) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out probability)
        && probability is >= 0 and <= 1;

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

    private static void ThrowIfNoProbability(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1.0);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        LossModelKind.LoseAll => "lose-all",
        LossModelKind.KeepAll => "keep-all",
        LossModelKind.Random => $"random:{ToText(Probability)}",
        LossModelKind.Aged => $"aged:{ToText(Probability)}..{ToText(NewestProbability)}",
        LossModelKind.Fifo => "fifo",
        LossModelKind.Epoch => "epoch",
        LossModelKind.Adversary => "adversary",
        _ => "explicit:" + string.Join(',', Atoms),
    };

    private static string ToText(double probability) => probability.ToString("0.####################", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public bool Equals(LossModel? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(ToString(), StringComparison.Ordinal);
}

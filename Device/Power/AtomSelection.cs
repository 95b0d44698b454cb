using System.Globalization;

namespace BlockEmu.Device.Power;

/// <summary>Some atoms of one step: <c>12</c> all of step 12, <c>12.0</c> its first atom, <c>12.2-7</c> six of them.</summary>
/// <param name="Sequence">The step.</param>
/// <param name="FirstAtom">Its first atom chosen.</param>
/// <param name="LastAtom">Its last atom chosen, inclusive.</param>
public readonly record struct AtomSelection(long Sequence, long FirstAtom, long LastAtom)
{
    /// <summary>Reads the text form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out AtomSelection selection)
    {
        selection = default;
        int dot = text.IndexOf('.');
        if (!TryParseNumber(dot < 0 ? text : text[..dot], out long sequence))
        {
            return false;
        }

        if (dot < 0)
        {
            selection = new AtomSelection(sequence, 0, long.MaxValue);
            return true;
        }

        ReadOnlySpan<char> atoms = text[(dot + 1)..];
        int dash = atoms.IndexOf('-');
        if (!TryParseNumber(dash < 0 ? atoms : atoms[..dash], out long first))
        {
            return false;
        }

        long last = first;
        if (dash >= 0 && (!TryParseNumber(atoms[(dash + 1)..], out last) || last < first))
        {
            return false;
        }

        selection = new AtomSelection(sequence, first, last);
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <inheritdoc/>
    public override string ToString() =>
        LastAtom == long.MaxValue && FirstAtom == 0 ? $"{Sequence}"
        : FirstAtom == LastAtom ? $"{Sequence}.{FirstAtom}"
        : $"{Sequence}.{FirstAtom}-{LastAtom}";
}

namespace BlockEmu.Device.Geometry;

/// <summary>NVMe's constraints on atomicity parameters (NVM Command Set 2.1.4, Identify Controller, Identify Namespace).</summary>
internal static class AtomicityRules
{
    /// <summary>Every fault; each starts with the option's name. One whose cause was told already is left out.</summary>
    public static IEnumerable<string> Check(AtomicityParameters p, int blockSizeBytes)
    {
        List<string> faults = [];
        HashSet<string> badSizes = [];
        foreach ((string name, long value, bool mayBeZero) in Sizes(p))
        {
            if (SizeFault(value, mayBeZero, blockSizeBytes) is { } fault)
            {
                faults.Add($"{name}: {fault}");
                badSizes.Add(name);
            }
        }

        foreach ((string name, long value, bool isAtLeast, string otherName, long other) in Orders(p))
        {
            bool holds = isAtLeast ? value >= other : value <= other;
            if (!holds && !badSizes.Contains(name) && !badSizes.Contains(otherName))
            {
                faults.Add($"{name}: {value} is {(isAtLeast ? "smaller" : "larger")} than {otherName} {other}");
            }
        }

        if (OffsetFault(p, blockSizeBytes) is { } offsetFault)
        {
            faults.Add($"nabo: {offsetFault}");
        }

        if (ModeFault(p) is { } modeFault)
        {
            faults.Add($"mam: {modeFault}");
        }

        return faults;
    }

    private static (string Name, long Value, bool MayBeZero)[] Sizes(AtomicityParameters p) =>
    [
        ("awun", p.AwunBytes, false), ("awupf", p.AwupfBytes, false), ("acwu", p.AcwuBytes, false),
        ("nawun", p.NawunBytes, true), ("nawupf", p.NawupfBytes, true), ("nacwu", p.NacwuBytes, true),
        ("nabsn", p.NabsnBytes, true), ("nabspf", p.NabspfBytes, true),
    ];

    /// <summary>Which values must be at least, or at most, as large as which others. A namespace value of 0 is the controller's,
    /// so that what holds of that needs no rule of its own.</summary>
    private static IEnumerable<(string Name, long Value, bool IsAtLeast, string OtherName, long Other)> Orders(AtomicityParameters p)
    {
        const bool atLeast = true;
        const bool atMost = false;
        yield return ("awupf", p.AwupfBytes, atMost, "awun", p.AwunBytes);
        if (p.NawunBytes != 0)
        {
            yield return ("nawun", p.NawunBytes, atLeast, "awun", p.AwunBytes);
        }

        if (p.NawupfBytes != 0)
        {
            yield return ("nawupf", p.NawupfBytes, atLeast, "awupf", p.AwupfBytes);
            yield return ("nawupf", p.NawupfBytes, atMost, p.NawunBytes == 0 ? "awun" : "nawun", p.EffectiveAwunBytes);
        }

        if (p.NacwuBytes != 0)
        {
            yield return ("nacwu", p.NacwuBytes, atLeast, "acwu", p.AcwuBytes);
        }

        if (p.NabsnBytes != 0)
        {
            yield return ("nabsn", p.NabsnBytes, atLeast, p.NawunBytes == 0 ? "awun" : "nawun", p.EffectiveAwunBytes);
        }

        if (p.NabspfBytes != 0)
        {
            yield return ("nabspf", p.NabspfBytes, atLeast, p.NawupfBytes == 0 ? "awupf" : "nawupf", p.EffectiveAwupfBytes);
        }
    }

    private static string? SizeFault(long value, bool mayBeZero, int blockSizeBytes) =>
        (mayBeZero ? value < 0 : value < blockSizeBytes) || value % blockSizeBytes != 0
            ? $"{value} is not a {(mayBeZero ? "" : "positive ")}multiple of the block size {blockSizeBytes}"
        : value / blockSizeBytes > AtomicityParameters.MaxUnitBlocks
            ? $"{value} is more than {AtomicityParameters.MaxUnitBlocks} logical blocks"
        : null;

    /// <summary>NABO is an LBA and at most the 0's based NABSN and NABSPF: below the boundary's size.</summary>
    private static string? OffsetFault(AtomicityParameters p, int blockSizeBytes) =>
        p.NaboBytes < 0 || p.NaboBytes % blockSizeBytes != 0
            ? $"{p.NaboBytes} is not a multiple of the block size {blockSizeBytes}"
        : p.NaboBytes == 0 ? null
        : p is { NabsnBytes: 0, NabspfBytes: 0 }
            ? "there is no boundary (nabsn and nabspf are 0), so its offset must be 0"
        : p.NabsnBytes != 0 && p.NaboBytes >= p.NabsnBytes ? $"{p.NaboBytes} does not lie below nabsn {p.NabsnBytes}"
        : p.NabspfBytes != 0 && p.NaboBytes >= p.NabspfBytes ? $"{p.NaboBytes} does not lie below nabspf {p.NabspfBytes}"
        : null;

    /// <summary>MAM wants the units and boundaries equal, normal and at power fail alike.</summary>
    private static string? ModeFault(AtomicityParameters p) =>
        !p.Mam ? null
        : p is { NabsnBytes: 0, NabspfBytes: 0 } ? "on needs a boundary (nabsn and nabspf)"
        : p.NabsnBytes == p.EffectiveAwunBytes && p.NabspfBytes == p.NabsnBytes && p.EffectiveAwupfBytes == p.NabsnBytes ? null
        : $"on needs nabsn = {Name(p.NawunBytes, "awun")} = nabspf = {Name(p.NawupfBytes, "awupf")}, which are {p.NabsnBytes}, "
            + $"{p.EffectiveAwunBytes}, {p.NabspfBytes}, {p.EffectiveAwupfBytes}";

    private static string Name(long namespaceBytes, string controllers) => namespaceBytes == 0 ? controllers : "n" + controllers;
}

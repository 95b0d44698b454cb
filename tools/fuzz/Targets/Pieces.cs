namespace BlockEmu.Fuzz.Targets;

/// <summary>How the bytes of a case arrive: all at once, or in pieces of at most so many bytes.</summary>
public sealed class Pieces(Chance? chance, int maxBytes)
{
    public static Pieces Whole { get; } = new(null, int.MaxValue);

    public static Pieces Bytewise { get; } = new(null, 1);

    public static Pieces Random(Chance chance) => new(chance, 1 + chance.Below(200));

    /// <summary>How many of these come next; at least one.</summary>
    public int Next(int leftBytes) => Math.Min(chance is null ? maxBytes : 1 + chance.Below(maxBytes), leftBytes);
}

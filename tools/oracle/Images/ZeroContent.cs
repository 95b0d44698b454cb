namespace BlockEmu.Oracle.Images;

/// <summary>Zeroes: what WriteZeroes and Trim leave.</summary>
internal sealed class ZeroContent : IVersionContent
{
    public static ZeroContent Instance { get; } = new();

    public bool Matches(long offsetBytes, ReadOnlySpan<byte> block) => block.IndexOfAnyExcept((byte)0) < 0;

    public Extent? NextPopulated(long offsetBytes) => null;
}

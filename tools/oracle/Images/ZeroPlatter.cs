namespace BlockEmu.Oracle.Images;

/// <summary>A platter that was never written: the first content of a new disk.</summary>
public sealed class ZeroPlatter : IPlatterImage
{
    /// <summary>The only one.</summary>
    public static ZeroPlatter Instance { get; } = new();

    private ZeroPlatter()
    {
    }

    /// <inheritdoc/>
    public void Read(long offsetBytes, Span<byte> destination) => destination.Clear();

    /// <inheritdoc/>
    public Extent? NextPopulated(long offsetBytes) => null;
}

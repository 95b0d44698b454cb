namespace BlockEmu.Oracle.Images;

/// <summary>What one version of some blocks holds: a payload, zeroes, or an image.</summary>
internal interface IVersionContent
{
    /// <summary>Whether the block at an offset holds exactly these bytes.</summary>
    bool Matches(long offsetBytes, ReadOnlySpan<byte> block);

    /// <inheritdoc cref="IPlatterImage.NextPopulated"/>
    Extent? NextPopulated(long offsetBytes);
}

namespace BlockEmu.Oracle.Images;

/// <summary>An image as a version: the first content, or a command's data in a bundle.</summary>
internal sealed class ImageContent(IPlatterImage image, int blockSizeBytes) : IVersionContent
{
    private readonly byte[] _block = new byte[blockSizeBytes];

    public bool Matches(long offsetBytes, ReadOnlySpan<byte> block)
    {
        image.Read(offsetBytes, _block);
        return block.SequenceEqual(_block);
    }

    public Extent? NextPopulated(long offsetBytes) => image.NextPopulated(offsetBytes);
}

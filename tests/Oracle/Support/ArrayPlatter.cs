using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A platter in an array that tells its holes exactly, block by block.</summary>
internal sealed class ArrayPlatter(byte[] bytes, int blockSizeBytes) : IPlatterImage
{
    public byte[] Bytes { get; } = bytes;

    public void Read(long offsetBytes, Span<byte> destination) =>
        Bytes.AsSpan((int)offsetBytes, destination.Length).CopyTo(destination);

    public Extent? NextPopulated(long offsetBytes)
    {
        int at = Bytes.AsSpan((int)offsetBytes).IndexOfAnyExcept((byte)0);
        if (at < 0)
        {
            return null;
        }

        long block = (offsetBytes + at) / blockSizeBytes * blockSizeBytes;
        return new Extent(Math.Max(block, offsetBytes), blockSizeBytes - Math.Max(0, offsetBytes - block));
    }
}

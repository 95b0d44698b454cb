namespace BlockEmu.Oracle.Images;

/// <summary>Bytes of a disk that can be read and that knows its holes.</summary>
public interface IPlatterImage
{
    /// <summary>Fills the whole destination. Offsets and lengths are multiples of the block, inside the disk.</summary>
    void Read(long offsetBytes, Span<byte> destination);

    /// <summary>The first range at or after an offset that may hold anything but zeroes; <see langword="null"/> when
    /// only zeroes follow. It may claim too much (a populated page of zeroes), never too little.</summary>
    Extent? NextPopulated(long offsetBytes);
}

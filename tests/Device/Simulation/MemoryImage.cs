using BlockEmu.Oracle.Images;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A small disk's bytes, whole.</summary>
internal sealed class MemoryImage(byte[] bytes) : IPlatterImage
{
    public byte[] Bytes { get; } = bytes;

    /// <summary>A disk's platter.</summary>
    /// <param name="disk">Whose.</param>
    /// <param name="reused">An image of the same size that nobody needs any more: its bytes become this one's.</param>
    public static MemoryImage Of(Disk disk, MemoryImage? reused = null)
    {
        byte[] bytes = reused?.Bytes ?? new byte[disk.SizeBytes];
        disk.ReadPlatter(read => read(0, bytes));
        return new MemoryImage(bytes);
    }

    public void Read(long offsetBytes, Span<byte> destination) =>
        Bytes.AsSpan((int)offsetBytes, destination.Length).CopyTo(destination);

    public Extent? NextPopulated(long offsetBytes) =>
        offsetBytes < Bytes.Length ? new Extent(offsetBytes, Bytes.Length - offsetBytes) : null;
}

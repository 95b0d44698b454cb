using System.Buffers;

namespace BlockEmu.Server.Nbd;

/// <summary>A connection's buffer: none while idle, small and pooled while busy, larger after a large request.</summary>
internal sealed class PooledBuffer
{
    public const int BaseBytes = 256 << 10;
    private const int RoundingBytes = 64 << 10;

    private byte[] _bytes = [];

    public byte[] Bytes => _bytes;

    /// <summary>At least this many bytes, keeping the first ones.</summary>
    public void Ensure(int neededBytes, int keptBytes)
    {
        if (_bytes.Length >= neededBytes && _bytes.Length > 0)
        {
            return;
        }

        byte[] larger = neededBytes <= BaseBytes
            ? ArrayPool<byte>.Shared.Rent(BaseBytes)
            : GC.AllocateUninitializedArray<byte>((neededBytes + RoundingBytes - 1) & -RoundingBytes);
        _bytes.AsSpan(0, keptBytes).CopyTo(larger);
        Release();
        _bytes = larger;
    }

    /// <summary>Gives it back; a large one is left to the collector, the pool would keep it.</summary>
    public void Release()
    {
        if (_bytes.Length == BaseBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = [];
    }
}

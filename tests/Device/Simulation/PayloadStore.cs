using System.Buffers;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Keeps copies of payloads in few large arrays: a run of a thousand commands would otherwise make as many arrays, the long
/// ones among them on the heap that only a full collection clears.</summary>
internal sealed class PayloadStore : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private int _chunk;
    private int _used;

    /// <summary>A copy, until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > ChunkBytes)
        {
            return payload.ToArray();
        }

        if (_chunk < _chunks.Count && _used + payload.Length > ChunkBytes)
        {
            _chunk++;
            _used = 0;
        }

        if (_chunk == _chunks.Count)
        {
            _chunks.Add(ArrayPool<byte>.Shared.Rent(ChunkBytes));
        }

        Memory<byte> kept = _chunks[_chunk].AsMemory(_used, payload.Length);
        payload.CopyTo(kept.Span);
        _used += payload.Length;
        return kept;
    }

    /// <summary>Nobody looks at what was kept any more.</summary>
    public void Clear() => (_chunk, _used) = (0, 0);

    public void Dispose()
    {
        _chunks.ForEach(static chunk => ArrayPool<byte>.Shared.Return(chunk));
        _chunks.Clear();
        Clear();
    }
}

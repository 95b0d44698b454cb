using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace BlockEmu.Device.Cache;

/// <summary>All nodes of one cache, in chunks, named by a number from 1; freed ones are used again.</summary>
internal sealed class NodePool
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly List<PendingNode[]> _chunks = [];
    private int _free;
    private int _next = 1;

    public ref PendingNode this[int node] => ref _chunks[node >> ChunkBits][node & (ChunkSize - 1)];

    /// <summary>Asks the processor for a node, which is looked at soon.</summary>
    public unsafe void Prefetch(int node)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref this[node]));
        }
    }

    /// <summary>A node whose fields are to be set.</summary>
    public int Rent()
    {
        if (_free != 0)
        {
            int node = _free;
            _free = this[node].NextInCommand;
            return node;
        }

        if (_next >> ChunkBits == _chunks.Count)
        {
            _chunks.Add(new PendingNode[ChunkSize]);
        }

        return _next++;
    }

    public void Return(int node)
    {
        ref PendingNode entry = ref this[node];
        entry.Owner = null!;
        entry.NextInCommand = _free;
        _free = node;
    }
}

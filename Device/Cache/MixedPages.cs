using System.Runtime.CompilerServices;

namespace BlockEmu.Device.Cache;

/// <summary>Of pages whose blocks were written apart: the newest node of each block (0 = the platter), so that a read costs the same
/// however long the history is. Named by a number from 1; freed ones are used again.</summary>
internal sealed class MixedPages
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private readonly List<NewestNodes[]> _chunks = [];
    private int _free;
    private int _next = 1;

    public ref NewestNodes this[int mixed] => ref _chunks[mixed >> ChunkBits][mixed & (ChunkSize - 1)];

    /// <summary>One whose blocks all show the same node.</summary>
    public int Rent(int node)
    {
        int mixed = _free;
        if (mixed != 0)
        {
            _free = this[mixed][0];
        }
        else
        {
            if (_next >> ChunkBits == _chunks.Count)
            {
                _chunks.Add(new NewestNodes[ChunkSize]);
            }

            mixed = _next++;
        }

        ((Span<int>)this[mixed]).Fill(node);
        return mixed;
    }

    public void Return(int mixed)
    {
        this[mixed][0] = _free;
        _free = mixed;
    }

    [InlineArray(8)]
    internal struct NewestNodes
    {
        private int _node;
    }
}

using System.Runtime.CompilerServices;

namespace BlockEmu.Device.Cache;

/// <summary>A page with pending versions: its newest node, and the newest node of each block, so that a read costs the same
/// however long the history is.</summary>
internal struct PageSlot
{
    public int Head;
    public NewestNodes Newest;

    [InlineArray(8)]
    internal struct NewestNodes
    {
        private int _node;
    }
}

using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>Addresses of free pieces, last in first out, beside the pieces and not inside them: to touch a cold piece for a link
/// costs as much as a fifth of the write that wants it.</summary>
internal sealed unsafe class FreeList : IDisposable
{
    private const int FirstCapacity = 64;

    private nint* _pieces;
    private nuint _capacity;
    private nuint _count;

    /// <summary>Pieces that are free.</summary>
    public nuint Count => _count;

    /// <summary>The piece freed last; 0 = none is free.</summary>
    public nint Pop() => _count == 0 ? 0 : _pieces[--_count];

    public void Push(nint piece)
    {
        if (_count == _capacity)
        {
            _capacity = _capacity == 0 ? FirstCapacity : _capacity * 2;
            _pieces = (nint*)NativeMemory.Realloc(_pieces, _capacity * (nuint)sizeof(nint));
        }

        _pieces[_count++] = piece;
    }

    public void Dispose()
    {
        NativeMemory.Free(_pieces);
        _pieces = null;
        (_capacity, _count) = (0, 0);
    }
}

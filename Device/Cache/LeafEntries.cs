using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>The entries of leaves, in native memory; those of leaves out of use are kept for the next ones, up to a bound.</summary>
internal sealed unsafe class LeafEntries(int perLeaf) : IDisposable
{
    private const int MaxSpares = 1024;

    private readonly Stack<nint> _spares = new();

    /// <summary>Entries that are all zero.</summary>
    public PageEntry* Rent() => _spares.TryPop(out nint spare)
        ? (PageEntry*)spare
        : (PageEntry*)NativeMemory.AllocZeroed((nuint)perLeaf, (nuint)sizeof(PageEntry));

    /// <summary>Takes entries back, which are all zero again.</summary>
    public void Return(PageEntry* entries)
    {
        if (_spares.Count < MaxSpares)
        {
            _spares.Push((nint)entries);
        }
        else
        {
            NativeMemory.Free(entries);
        }
    }

    public void Dispose()
    {
        while (_spares.TryPop(out nint entries))
        {
            NativeMemory.Free((void*)entries);
        }
    }
}

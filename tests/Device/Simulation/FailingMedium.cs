using BlockEmu.Device.Media;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A medium with knobs: it can refuse to write, refuse to sync, and hold a write until it is let go.</summary>
internal sealed class FailingMedium(IMedium inner) : IMedium
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly SemaphoreSlim _arrived = new(0);

    /// <summary>The errno that the next writes fail with; 0 = none.</summary>
    public int WriteErrno { get; set; }

    /// <summary>Whether a delta is refused, with ENOSPC, though others go.</summary>
    public Func<PlatterDelta, bool> IsTooMuch { get; set; } = static _ => false;

    /// <summary>The errno that the next syncs fail with; 0 = none.</summary>
    public int SyncErrno { get; set; }

    /// <summary>The byte that can't be read, if there is one.</summary>
    public long? BadByteAt { get; set; }

    public int Syncs { get; private set; }

    /// <summary>Runs before each delta is applied; may throw.</summary>
    public Action? BeforeApply { get; set; }

    /// <summary>Runs after each read.</summary>
    public Action? AfterRead { get; set; }

    public bool IsImmediate => inner.IsImmediate;

    public long PersistentBytes => inner.PersistentBytes;

    public void Hold() => _open.Reset();

    public void LetGo() => _open.Set();

    /// <summary>Waits until a write stands at the held door.</summary>
    public void WaitForWrite() => Assert.True(_arrived.Wait(Pace.Seconds(30)), "no write came");

    public void Read(long offsetBytes, Span<byte> destination)
    {
        if (BadByteAt >= offsetBytes && BadByteAt < offsetBytes + destination.Length)
        {
            destination[..(int)(BadByteAt.Value - offsetBytes)].Fill(0xEE); // what a real one has read before it failed
            throw new DeviceIoException("the medium does not read", LibC.EIO) { OffsetBytes = BadByteAt };
        }

        inner.Read(offsetBytes, destination);
        AfterRead?.Invoke();
    }

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        if (!_open.IsSet)
        {
            _arrived.Release();
        }

        _open.Wait();
        BeforeApply?.Invoke();
        if (IsTooMuch(delta))
        {
            throw new DeviceIoException("the medium is full", LibC.ENOSPC);
        }

        return WriteErrno == 0 ? inner.Apply(delta, keepUndo) : throw new DeviceIoException("the medium refuses", WriteErrno);
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> bytes) => inner.Write(offsetBytes, bytes);

    public void Sync()
    {
        Syncs++;
        if (SyncErrno != 0)
        {
            throw new DeviceIoException("the medium does not sync", SyncErrno);
        }

        inner.Sync();
    }

    public PlatterStamp Stamp() => inner.Stamp();

    public RedoFinding? Refresh() => inner.Refresh();

    public ByteRange? NextPopulated(long offsetBytes) => inner.NextPopulated(offsetBytes);

    public ByteRange? NextPopulated(long offsetBytes, long endBytes) => inner.NextPopulated(offsetBytes, endBytes);

    public void Dispose()
    {
        inner.Dispose();
        _open.Dispose();
        _arrived.Dispose();
    }
}

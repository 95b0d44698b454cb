using System.Buffers;

namespace BlockEmu.Server.Transport;

/// <summary>A connection's buffer in one direction: none while idle, small while little comes at once, larger when the
/// budget has it or a request needs it.</summary>
/// <remarks>For one thread. Spans of it are void after <see cref="TryGrow"/>, <see cref="Release"/> and
/// <see cref="Shrink"/>.</remarks>
internal sealed class PooledBuffer(ConnectionMemory owner, BufferShare baseShare, BufferShare largeShare)
{
    /// <summary>What every connection may have without asking.</summary>
    public const int SmallBytes = 16 << 10;

    /// <summary>What a busy connection gets if there is enough.</summary>
    public const int BaseBytes = 256 << 10;

    private const int RoundingBytes = 64 << 10;

    private byte[] _bytes = [];
    private nint _pages;
    private int _capacityBytes;
    private BufferShare? _share;

    public int CapacityBytes => _capacityBytes;

    /// <summary>Whether others wait for what it holds.</summary>
    public bool IsHeldFromOthers => _share is { IsContended: true };

    public Span<byte> Bytes => Over(_bytes, _pages, _capacityBytes);

    /// <summary>At least this many bytes, keeping the first ones. False: there is no memory now (without
    /// <paramref name="mayWait"/>), or the connection was reset while it waited.</summary>
    public bool TryGrow(int neededBytes, int keptBytes, bool mayWait)
    {
        if (neededBytes <= _capacityBytes)
        {
            return true;
        }

        int newBytes = neededBytes <= SmallBytes ? SmallBytes
            : neededBytes <= BaseBytes ? BaseBytes
            : (neededBytes + RoundingBytes - 1) & -RoundingBytes;
        BufferShare? share = newBytes == SmallBytes ? null : newBytes == BaseBytes ? baseShare : largeShare;
        if (share is not null && !share.TryTake(owner, newBytes) && !(mayWait && TryWait(share, newBytes, keptBytes)))
        {
            return false;
        }

        return TryReplace(share, newBytes, keptBytes);
    }

    /// <summary>Gives all but the little back that needs no leave, and that is empty then.</summary>
    public Span<byte> TakeSmall()
    {
        Release();
        TryGrow(SmallBytes, 0, mayWait: false);
        return Bytes;
    }

    /// <summary>Keeps the first bytes and nothing besides; for a few.</summary>
    public void Shrink(int keptBytes)
    {
        byte[] kept = Bytes[..keptBytes].ToArray();
        Release();
        _bytes = kept;
        _capacityBytes = keptBytes;
    }

    /// <summary>Gives it back.</summary>
    public void Release()
    {
        if (_pages != 0)
        {
            MemoryCalls.Unmap(_pages, (nuint)_capacityBytes);
        }
        else if (_capacityBytes is SmallBytes or BaseBytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _share?.Return(owner, _capacityBytes);
        (_bytes, _pages, _capacityBytes, _share) = ([], 0, 0, null);
    }

    private static unsafe Span<byte> Over(byte[] bytes, nint pages, int capacityBytes) =>
        pages != 0 ? new Span<byte>((void*)pages, capacityBytes) : bytes;

    /// <summary>Who waits for a share holds nothing of it: otherwise two could wait for each other.</summary>
    private bool TryWait(BufferShare share, int newBytes, int keptBytes)
    {
        if (_share == share)
        {
            Shrink(keptBytes);
        }

        return share.Take(owner, newBytes);
    }

    private bool TryReplace(BufferShare? share, int newBytes, int keptBytes)
    {
        nint pages = share == largeShare ? MemoryCalls.Map((nuint)newBytes) : 0;
        if (share == largeShare && pages == 0)
        {
            share.Return(owner, newBytes);
            return false;
        }

        byte[] bytes = pages == 0 ? ArrayPool<byte>.Shared.Rent(newBytes) : [];
        Bytes[..keptBytes].CopyTo(Over(bytes, pages, newBytes));
        Release();
        (_bytes, _pages, _capacityBytes, _share) = (bytes, pages, newBytes, share);
        return true;
    }
}

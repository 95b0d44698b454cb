namespace BlockEmu.Device.Transfers;

/// <summary>The bytes of some reads where they lie, so that they can be sent without a copy. One for each session, used again and
/// again; for one thread.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>From the read until <see cref="Release"/> the segments keep the content that the read returned, whatever is
/// written, cut or switched on meanwhile.</description></item>
/// <item><description>While anything is held, pages that others give up can't be used again: a holder must not wait for a
/// client.</description></item>
/// </list>
/// </remarks>
public sealed class ReadView
{
    /// <summary><see cref="PinnedAt"/>: nothing is held.</summary>
    internal const long Nothing = long.MaxValue;

    private const int FirstCapacity = 64;

    private PageSegment[] _segments = [];
    private int _count;
    private long _pinnedAt = Nothing;

    /// <summary>What the reads since the last release returned, in their order.</summary>
    public ReadOnlySpan<PageSegment> Segments => _segments.AsSpan(0, _count);

    /// <summary>Whether the pins know it. Under the disk's lock.</summary>
    internal bool IsListed { get; set; }

    /// <summary>The pins' clock when the first of the reads began. Set under the disk's lock, cleared without.</summary>
    internal long PinnedAt
    {
        get => Volatile.Read(ref _pinnedAt);
        set => Volatile.Write(ref _pinnedAt, value);
    }

    /// <summary>Lets everything go.</summary>
    public void Release()
    {
        _count = 0;
        PinnedAt = Nothing;
    }

    /// <summary>Gives its own memory back as well.</summary>
    public void Trim()
    {
        Release();
        _segments = [];
    }

    internal void Add(nint address, int lengthBytes, int firstOfRead)
    {
        if (_count > firstOfRead)
        {
            ref PageSegment last = ref _segments[_count - 1];
            if (last.Address + last.LengthBytes == address)
            {
                last = last with { LengthBytes = last.LengthBytes + lengthBytes };
                return;
            }
        }

        if (_count == _segments.Length)
        {
            Array.Resize(ref _segments, Math.Max(FirstCapacity, _count * 2));
        }

        _segments[_count++] = new PageSegment(address, lengthBytes);
    }

    /// <summary>Zeroes, in pieces of what there is of them.</summary>
    internal void AddZeroes(int lengthBytes)
    {
        while (lengthBytes > 0)
        {
            int bytes = Math.Min(lengthBytes, ZeroBytes.LengthBytes);
            Add(ZeroBytes.Address, bytes, int.MaxValue);
            lengthBytes -= bytes;
        }
    }
}

using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Cache;

/// <summary>Keeps pieces that were given back until nobody can be looking at them any more.</summary>
/// <remarks>Under the disk's lock, but for <see cref="ReadView.Release"/>. A clock counts the pieces that were set aside; a view
/// that was pinned at a time may hold whatever was set aside later, and nothing that was before. So what costs something is
/// only what is given back while a view is held.</remarks>
internal sealed class PagePins
{
    private readonly List<ReadView> _views = []; // those pinned since they were last looked at
    private readonly Queue<(nint Piece, int SizeClass, long SetAsideAt)> _waiting = new();
    private long _clock;

    /// <summary>Whether a view may be held.</summary>
    public bool IsAny => _views.Count != 0;

    /// <summary>Whether pieces wait.</summary>
    public bool IsWaiting => _waiting.Count != 0;

    public int WaitingCount => _waiting.Count;

    public void Pin(ReadView view)
    {
        if (view.PinnedAt == ReadView.Nothing)
        {
            view.PinnedAt = _clock;
        }

        if (!view.IsListed)
        {
            view.IsListed = true;
            _views.Add(view);
        }
    }

    public void SetAside(nint piece, int sizeClass) => _waiting.Enqueue((piece, sizeClass, ++_clock));

    /// <summary>Forgets views that hold nothing; a piece nobody can hold any more, or false.</summary>
    public bool TryTakeBack(long oldestPin, out nint piece, out int sizeClass)
    {
        if (_waiting.TryPeek(out (nint Piece, int SizeClass, long SetAsideAt) first) && first.SetAsideAt <= oldestPin)
        {
            _waiting.Dequeue();
            (piece, sizeClass, _) = first;
            return true;
        }

        (piece, sizeClass) = (0, 0);
        return false;
    }

    /// <summary>The time of the oldest view that is held; views that hold nothing are forgotten.</summary>
    public long FindOldestPin()
    {
        long oldest = ReadView.Nothing;
        for (int i = _views.Count - 1; i >= 0; i--)
        {
            long pinnedAt = _views[i].PinnedAt;
            if (pinnedAt == ReadView.Nothing)
            {
                _views[i].IsListed = false;
                _views[i] = _views[^1];
                _views.RemoveAt(_views.Count - 1);
            }

            oldest = Math.Min(oldest, pinnedAt);
        }

        return oldest;
    }
}

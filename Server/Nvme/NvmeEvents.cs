using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>Asynchronous Event Requests and the events for them (Base 5.2). Safe for threads.</summary>
/// <remarks>One event of a kind is reported until its log page was read: what happens meanwhile stands in that page.</remarks>
internal sealed class NvmeEvents
{
    private readonly Lock _gate = new(); // protects all of it; nothing is called under it
    private readonly Queue<ushort> _requests = new(NvmeLimits.MaxEventRequests);
    private readonly List<NvmeAsyncEvent> _pending = [];
    private readonly List<NvmeAsyncEvent> _reported = [];
    private int _isNamespaceChanged;

    /// <summary>Feature 0Bh: which events the host wants.</summary>
    public NvmeEventMask Wanted
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }

        set
        {
            lock (_gate)
            {
                field = value;
            }
        }
    }

    /// <summary>A request has come: the event it is answered with at once, or null, and then it is kept. False: there are too many.</summary>
    public bool TryRequest(ushort commandId, out NvmeAsyncEvent? answer)
    {
        lock (_gate)
        {
            answer = null;
            if (_pending.Count > 0)
            {
                answer = Report(_pending[0]);
                return true;
            }

            if (_requests.Count == NvmeLimits.MaxEventRequests)
            {
                return false;
            }

            _requests.Enqueue(commandId);
            return true;
        }
    }

    /// <summary>Something happened: the request to complete with it, or null.</summary>
    public ushort? Raise(NvmeAsyncEvent what, NvmeEventMask kind)
    {
        lock (_gate)
        {
            if ((Wanted & kind) == NvmeEventMask.None || _pending.Contains(what) || _reported.Contains(what))
            {
                return null;
            }

            if (_requests.TryDequeue(out ushort commandId))
            {
                Report(what);
                return commandId;
            }

            _pending.Add(what);
            return null;
        }
    }

    /// <summary>A log page was read without RAE: the next event that leads to it can come.</summary>
    public void Read(NvmeLogPage page)
    {
        lock (_gate)
        {
            _reported.RemoveAll(e => e.Page == page);
            _pending.RemoveAll(e => e.Page == page);
        }
    }

    /// <summary>The namespace has changed: log page 04h lists it.</summary>
    public void NoteNamespaceChange() => Interlocked.Exchange(ref _isNamespaceChanged, 1);

    /// <summary>Whether it did since this was asked last without <paramref name="retains"/>.</summary>
    public bool TakeNamespaceChange(bool retains) =>
        (retains ? Volatile.Read(ref _isNamespaceChanged) : Interlocked.Exchange(ref _isNamespaceChanged, 0)) != 0;

    /// <summary>Drops everything: the requests are never answered.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _requests.Clear();
            _pending.Clear();
            _reported.Clear();
            Wanted = NvmeEventMask.None;
        }
    }

    private NvmeAsyncEvent Report(NvmeAsyncEvent what)
    {
        _pending.Remove(what);
        _reported.Add(what);
        return what;
    }
}

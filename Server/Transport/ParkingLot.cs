using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Transport;

/// <summary>Where connections that have nothing to do wait, all of them with one thread and no buffer.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>What is parked is taken up exactly once: by its client's doing, or by
/// <see cref="End"/>.</description></item>
/// <item><description>What arrived before the parking was done takes it up too.</description></item>
/// </list>
/// </remarks>
internal sealed class ParkingLot(ConnectionThreads threads) : IDisposable
{
    private const int EventsAtOnce = 64;
    private const long StopNumber = 0;

    // Protects the table and what the kernel watches, which go together.
    private readonly Lock _gate = new();
    private readonly Dictionary<long, IParkable> _parked = [];
    private readonly SafeFileHandle _epoll = EpollCalls.Create();
    private readonly SafeFileHandle _stopSignal = PipeCalls.CreateSignal();
    private Thread? _watcher;
    private bool _isClosed;

    /// <summary>How many are parked.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _parked.Count;
            }
        }
    }

    /// <summary>After true the work may already go on elsewhere: its thread must let go of it.</summary>
    /// <param name="work">What rests.</param>
    /// <param name="onlyWhenGone">What the client sends wakes nobody; that it has gone does.</param>
    public bool TryPark(IParkable work, bool onlyWhenGone)
    {
        if (work.Watched is not { } watched)
        {
            return false;
        }

        lock (_gate)
        {
            if (_isClosed || !EpollCalls.TryAdd(_epoll, watched, onlyWhenGone ? EpollCalls.Gone : EpollCalls.Readable, work.Number))
            {
                return false;
            }

            _parked.Add(work.Number, work);
            if (_watcher is null)
            {
                EpollCalls.TryAdd(_epoll, _stopSignal, EpollCalls.Readable, StopNumber);
                _watcher = new Thread(Watch, ConnectionThreads.StackBytes) { IsBackground = true, Name = "parked-clients" };
                _watcher.Start();
            }

            return true;
        }
    }

    /// <summary>Has it see its end, if it is parked: its connection was reset, so that it has nothing to wait for. Any
    /// thread.</summary>
    public void End(long number)
    {
        // Thousands may be reset at once, each for a moment: not worth a thread each.
        if (Take(number) is { } work)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Work(), work, preferLocal: false);
        }
    }

    /// <summary>Has it go on, if it is parked: there is something to do that its client knows nothing of. Any thread.</summary>
    public void Wake(long number)
    {
        if (Take(number) is { } work)
        {
            threads.Run(work);
        }
    }

    /// <summary>Nothing can be parked any more; nothing may be.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        PipeCalls.Raise(_stopSignal);
        _watcher?.Join();
        _epoll.Dispose();
        _stopSignal.Dispose();
    }

    private void Watch()
    {
        long[] ready = new long[EventsAtOnce];
        while (true)
        {
            int count = EpollCalls.Wait(_epoll, ready);
            foreach (long number in ready.AsSpan(0, count))
            {
                if (number == StopNumber)
                {
                    return;
                }

                if (Take(number) is { } work)
                {
                    threads.Run(work);
                }
            }
        }
    }

    private IParkable? Take(long number)
    {
        lock (_gate)
        {
            if (!_parked.Remove(number, out IParkable? work))
            {
                return null;
            }

            if (work.Watched is { } watched)
            {
                EpollCalls.Remove(_epoll, watched);
            }

            return work;
        }
    }
}

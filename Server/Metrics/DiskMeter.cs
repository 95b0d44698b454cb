namespace BlockEmu.Server.Metrics;

/// <summary>All counters of one disk: the live connections' and the sum of those that ended.</summary>
public sealed class DiskMeter
{
    // Protects the list and the sums of ended connections; never taken for a request.
    private readonly Lock _gate = new();
    private readonly List<ConnectionMeter> _live = [];
    private readonly Dictionary<string, ConnectionMeter> _ended = new(StringComparer.Ordinal);

    /// <summary>A connection opened the disk.</summary>
    public ConnectionMeter Open(string frontEnd, ConnectionOrigin? origin = null)
    {
        ConnectionMeter meter = new(frontEnd) { Origin = origin };
        lock (_gate)
        {
            _live.Add(meter);
        }

        return meter;
    }

    /// <summary>A connection let the disk go; its counts stay in the sums.</summary>
    public void Close(ConnectionMeter meter)
    {
        lock (_gate)
        {
            if (_live.Remove(meter))
            {
                meter.InFlight = 0;
                meter.AddTo(SumFor(meter.FrontEnd, _ended));
            }
        }
    }

    /// <summary>Open connections.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_gate)
            {
                return _live.Count;
            }
        }
    }

    /// <summary>The open connections of clients that are known, oldest first.</summary>
    public IReadOnlyList<ConnectionMeter> ListOldest(int count)
    {
        lock (_gate)
        {
            return [.. _live.Where(m => m.Origin is not null).OrderBy(m => m.Origin!.ConnectedAt).Take(count)];
        }
    }

    /// <summary>The sums by front end, freshly added up.</summary>
    public IReadOnlyCollection<ConnectionMeter> Read()
    {
        Dictionary<string, ConnectionMeter> sums = new(StringComparer.Ordinal);
        lock (_gate)
        {
            foreach (ConnectionMeter meter in _ended.Values.Concat(_live))
            {
                meter.AddTo(SumFor(meter.FrontEnd, sums));
            }
        }

        return sums.Values;
    }

    private static ConnectionMeter SumFor(string frontEnd, Dictionary<string, ConnectionMeter> sums)
    {
        if (!sums.TryGetValue(frontEnd, out ConnectionMeter? sum))
        {
            sums[frontEnd] = sum = new ConnectionMeter(frontEnd);
        }

        return sum;
    }
}

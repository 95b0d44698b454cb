using System.Diagnostics;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>One connection under load, on one thread: takes all that arrived, tops the requests up, sends them at once.</summary>
internal sealed class LoadConnection : IDisposable
{
    /// <summary>How long a server may say nothing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int ReceiveBytes = 256 << 10;

    private readonly NbdClient _client;
    private readonly LoadCase _load;
    private readonly ILoadWire _wire;
    private readonly RequestSlots _slots;
    private readonly RequestSource _source;
    private readonly ReplyParser _parser;
    private readonly SendQueue _queue;
    private readonly byte[] _received = GC.AllocateUninitializedArray<byte>(ReceiveBytes, pinned: true);

    /// <param name="client">In transmission; ours from here on.</param>
    /// <param name="load">What to ask for.</param>
    /// <param name="part">Which bytes of the disk.</param>
    /// <param name="seed">Which requests.</param>
    public LoadConnection(NbdClient client, LoadCase load, (long FirstBytes, long LengthBytes) part, ulong seed)
    {
        _client = client;
        _load = load;
        _wire = client.Stream is NetworkStream plain ? new PlainWire(plain.Socket, Patience) : new StreamWire(client.Stream);
        _slots = new RequestSlots(load.Depth);
        _source = new RequestSource(load, _slots, part.FirstBytes, part.LengthBytes, seed);
        _parser = new ReplyParser(_slots, load.IsStructured);
        _queue = new SendQueue(2 * load.Depth);
    }

    public LoadCounts Counts => _slots.Counts;

    /// <summary>How long was measured; a little longer than was asked for, by what the last wait took.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>This thread's processor time while it was measured.</summary>
    public TimeSpan Cpu { get; private set; }

    /// <summary>Runs until the window ends and everything is answered; measures one turn at least.</summary>
    public void Run(LoadWindow window)
    {
        long now = Stopwatch.GetTimestamp();
        while (now < window.WarmTicks)
        {
            now = Turn(now);
        }

        Counts.Restart();
        long startedAt = now;
        long cpuBefore = WireCalls.ThreadCpuNanoseconds;
        do
        {
            now = Turn(now);
        }
        while (now < window.EndTicks);
        Elapsed = Stopwatch.GetElapsedTime(startedAt, now);
        Cpu = TimeSpan.FromTicks((WireCalls.ThreadCpuNanoseconds - cpuBefore) / TimeSpan.NanosecondsPerTick);
        Counts.Freeze();
        Drain();
    }

    /// <summary>Writes its part once, in order, whole blocks.</summary>
    public void Fill(long blocks)
    {
        long now = Stopwatch.GetTimestamp();
        while (Counts.Writes + _slots.InFlight < blocks && Counts.Errors == 0)
        {
            TopUp(now, blocks - Counts.Writes);
            now = Receive();
        }

        Drain();
    }

    public void Dispose()
    {
        _client.Dispose();
        _source.Dispose();
    }

    private long Turn(long now)
    {
        TopUp(now, _load.Depth);
        return Receive();
    }

    private void TopUp(long now, long maxInFlight)
    {
        // What could not be sent goes first: nothing is written over that still waits.
        if (_queue.IsEmpty)
        {
            while (_slots.HasFree && _slots.InFlight < maxInFlight)
            {
                _source.Add(_queue, now);
            }
        }

        _wire.TrySend(_queue);
    }

    private long Receive()
    {
        int received = _wire.Receive(_received, wantsRoom: !_queue.IsEmpty);
        long now = Stopwatch.GetTimestamp();
        _parser.Take(_received.AsSpan(0, received), now);
        return now;
    }

    private void Drain()
    {
        long startedAt = Stopwatch.GetTimestamp();
        while (_slots.InFlight > 0)
        {
            _wire.TrySend(_queue);
            if (Stopwatch.GetElapsedTime(startedAt, Receive()) > Patience)
            {
                throw new LoadFailedException($"the last replies took longer than {Patience.TotalSeconds} s");
            }
        }

        _client.Disconnect();
    }
}

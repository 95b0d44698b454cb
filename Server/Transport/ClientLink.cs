using System.Net;
using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>The bytes from and to one client: blocking, for one thread; only <see cref="Reset"/>,
/// <see cref="EndReceiving"/> and <see cref="HasUnsentBytes"/> may come from others.</summary>
/// <remarks>A client that goes away is an ordinary end, so nothing here throws for it.</remarks>
internal abstract class ClientLink : IDisposable
{
    /// <summary>The address that the client has reached, where it is known.</summary>
    public virtual EndPoint? LocalEndPoint => null;

    /// <summary>Where the client is, where that is known.</summary>
    public virtual EndPoint? RemoteEndPoint => null;

    /// <summary>From now on small replies leave at once, and a client whose machine has vanished is noticed within
    /// minutes.</summary>
    public abstract void SendAtOnce();

    /// <summary>From now on a receive gives up after so long (Idle).</summary>
    public abstract void LimitReceives(int patienceMs);

    /// <summary>Takes what has arrived, at least one byte.</summary>
    public abstract SocketReceipt Receive(Span<byte> destination, out int receivedBytes);

    /// <summary>Sends all of it; false when the client has gone.</summary>
    public abstract bool Send(ReadOnlySpan<byte> source);

    /// <summary>Sends a little, if there is room for it by then; false when it was not sent.</summary>
    public abstract bool TrySend(ReadOnlySpan<byte> source, int patienceMs);

    /// <summary>Whether bytes can be sent from many places at once: the two below.</summary>
    public virtual bool HasVectors => false;

    /// <summary>Sends what leaves without waiting, which may be nothing; false when the client has gone.</summary>
    public virtual bool TrySendAtOnce(ReadOnlySpan<IoVector> vectors, out nuint sentBytes) => throw new NotSupportedException();

    /// <summary>Sleeps until something can be sent, or the client has gone; false when that takes longer.</summary>
    public virtual bool WaitUntilWritable(int patienceMs) => throw new NotSupportedException();

    /// <summary>Whether something has arrived that was not received yet.</summary>
    public abstract bool HasArrivals { get; }

    /// <summary>Whether sent bytes still wait on this side because the client does not read.</summary>
    public abstract bool HasUnsentBytes { get; }

    /// <summary>What tells of arrivals and of the end when it is polled, while <see cref="HasArrivals"/> is false; null where
    /// only a thread can wait.</summary>
    public virtual SafeHandle? Watched => null;

    /// <summary>Sleeps until there is something to receive, the end included; false when that takes longer (-1 ms = for
    /// ever).</summary>
    public abstract bool WaitUntilReadable(int patienceMs);

    /// <summary>Sleeps until the client has gone or the link was reset; what arrives meanwhile wakes nobody.</summary>
    public abstract void WaitUntilGone();

    /// <summary>Drops the link at once with all that was queued on this side; wakes whoever blocks on it and returns when
    /// no send on it is under way. Any thread, any number of times.</summary>
    public abstract void Reset();

    /// <summary>Lets the receiving thread see the end of the stream after what has arrived.</summary>
    public abstract void EndReceiving();

    /// <summary>Closes in order: what was sent still arrives.</summary>
    public abstract void Dispose();
}

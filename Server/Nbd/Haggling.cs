using System.Buffers;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Negotiation over a socket: feeds the state machine and sends what it says.</summary>
/// <remarks>Once the server stops, options are answered with ERR_SHUTDOWN (ABORT as ever), as long as some are
/// there.</remarks>
internal sealed class Haggling
{
    private const int ReceiveBytes = 4096;
    private const int TlsPatienceMs = 100;

    private readonly Func<ClientLink?> _startTls;
    private readonly Func<bool> _isStopping;
    private readonly ConnectionCatalog _catalog;
    private readonly ArrayBufferWriter<byte> _replies = new();
    private readonly NbdServerNegotiation _negotiation;
    private readonly byte[] _received = new byte[ReceiveBytes];
    private ClientLink _socket;
    private readonly Action _onProgress;
    private bool _isGreeted;
    private bool _isTlsNext;
    private int _start;
    private int _end;

    /// <param name="disks">The exports.</param>
    /// <param name="socket">The client.</param>
    /// <param name="tlsMode">What TLS is here.</param>
    /// <param name="startTls">Shakes hands; the client from then on, or null when it has to go.</param>
    /// <param name="isStopping">Whether the server stops.</param>
    /// <param name="onProgress">Called when an option came whole and was answered.</param>
    public Haggling(
        DiskRegistry disks, ClientLink socket, NbdTlsMode tlsMode, Func<ClientLink?> startTls, Func<bool> isStopping, Action onProgress)
    {
        _onProgress = onProgress;
        _isStopping = isStopping;
        _startTls = startTls;
        _socket = socket;
        _catalog = new ConnectionCatalog(disks);
        _negotiation = new NbdServerNegotiation(_catalog, _replies, tlsMode);
    }

    /// <summary>The disk that was named last.</summary>
    public ServedDisk? Named => _catalog.Named;

    /// <summary>What was agreed on, when the outcome is Chosen.</summary>
    public NbdSessionTerms? Terms => _negotiation.Terms;

    public NbdDropReason DropReason => _negotiation.DropReason;

    /// <summary>What came behind the choice: requests.</summary>
    public ReadOnlySpan<byte> LeftOver => _received.AsSpan(_start, _end - _start);

    /// <summary>Greets and answers options. Null: the client has gone; NeedMore: nothing came for a second, to be called again
    /// when something does. When an export was chosen, the last replies
    /// are still to be sent (<see cref="SendReplies"/>): whoever serves it says when.</summary>
    public NbdNegotiationOutcome? Run()
    {
        Greet();
        while (SendReplies())
        {
            if (_isTlsNext)
            {
                // Nothing is made for a client that does not begin.
                if (!_socket.HasArrivals && !_socket.WaitUntilReadable(TlsPatienceMs))
                {
                    return NbdNegotiationOutcome.NeedMore;
                }

                if (!StartTls())
                {
                    return null;
                }
            }

            if (_start == _end && Receive() is var receipt && receipt != SocketReceipt.Data)
            {
                return receipt == SocketReceipt.Idle ? NbdNegotiationOutcome.NeedMore : null;
            }

            _negotiation.IsShuttingDown = _isStopping();
            NbdNegotiationOutcome outcome = _negotiation.Feed(LeftOver, out int consumedBytes);
            _start += consumedBytes;
            if (_replies.WrittenCount > 0)
            {
                _onProgress();
            }

            if (outcome == NbdNegotiationOutcome.StartTls)
            {
                DropArrivals();
                _isTlsNext = true;
                continue;
            }

            if (outcome == NbdNegotiationOutcome.Aborted)
            {
                SendReplies();
            }

            if (outcome != NbdNegotiationOutcome.NeedMore)
            {
                return outcome;
            }
        }

        return null;
    }

    public bool SendReplies()
    {
        if (_replies.WrittenCount == 0)
        {
            return true;
        }

        bool isSent = _socket.Send(_replies.WrittenSpan);
        _replies.ResetWrittenCount();
        return isSent;
    }

    private void Greet()
    {
        if (!_isGreeted)
        {
            _isGreeted = true;
            NbdServerNegotiation.Greeting.Write(_replies.GetSpan(NbdGreeting.SizeBytes));
            _replies.Advance(NbdGreeting.SizeBytes);
        }
    }

    /// <summary>What came behind STARTTLS came in plaintext, from anybody, and is dropped before it is acknowledged.</summary>
    private void DropArrivals()
    {
        while (_socket.HasArrivals && Receive() == SocketReceipt.Data)
        {
            // Not looked at.
        }

        (_start, _end) = (0, 0);
    }

    private bool StartTls()
    {
        _isTlsNext = false;
        if (_startTls() is not { } secured)
        {
            return false;
        }

        _socket = secured;
        _negotiation.EnterTls();
        return true;
    }

    private SocketReceipt Receive()
    {
        _start = 0;
        return _socket.Receive(_received, out _end);
    }
}

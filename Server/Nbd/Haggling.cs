using System.Buffers;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nbd;

/// <summary>Negotiation over a socket: feeds the state machine and sends what it says.</summary>
/// <remarks>Once the server stops, options are answered with ERR_SHUTDOWN (ABORT as ever), as long as some are
/// there.</remarks>
internal sealed class Haggling
{
    private const int ReceiveBytes = 4096;

    private readonly ClientLink _socket;
    private readonly Func<bool> _isStopping;
    private readonly ConnectionCatalog _catalog;
    private readonly ArrayBufferWriter<byte> _replies = new();
    private readonly NbdServerNegotiation _negotiation;
    private readonly byte[] _received = new byte[ReceiveBytes];
    private bool _isGreeted;
    private int _start;
    private int _end;

    public Haggling(DiskRegistry disks, ClientLink socket, Func<bool> isStopping)
    {
        _isStopping = isStopping;
        _socket = socket;
        _catalog = new ConnectionCatalog(disks);
        _negotiation = new NbdServerNegotiation(_catalog, _replies);
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
            if (_start == _end && Receive() is var receipt && receipt != SocketReceipt.Data)
            {
                return receipt == SocketReceipt.Idle ? NbdNegotiationOutcome.NeedMore : null;
            }

            _negotiation.IsShuttingDown = _isStopping();
            NbdNegotiationOutcome outcome = _negotiation.Feed(LeftOver, out int consumedBytes);
            _start += consumedBytes;
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

    private SocketReceipt Receive()
    {
        _start = 0;
        return _socket.Receive(_received, out _end);
    }
}

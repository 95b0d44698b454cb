using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Reading requests: takes all that has arrived, judges each request by its header, has it carried out, and
/// receives again only after every reply is sent.</summary>
internal sealed class RequestLoop(
    NbdSession session, ClientLink socket, ReplyBatch replies, ConnectionMemory memory, ProtocolErrors protocolErrors,
    Func<bool> isStopping)
{
    // From here on a payload is received to its exact end (and the next header), so that it never has to be moved.
    private const int LargePayloadBytes = 64 << 10;

    private readonly NbdRequestFraming _framing = new(session.Terms.Replies);
    private readonly RequestIntake _input = new(session, socket, replies, memory);
    private readonly RequestExecutor _executor = new(session, replies);
    private SessionEnd _end;
    private long _drainBytes;
    private NbdRequestHeader _drained;
    private NbdRefusal _drainedFor;
    private bool _isDraining;
    private bool _isLate;
    private volatile bool _isIdle;

    /// <summary>Whether it waits for a request of which nothing has arrived. Any thread.</summary>
    public bool IsIdle => _isIdle;

    /// <summary>Before the first <see cref="Run"/>: what came behind the negotiation.</summary>
    public void Begin(ReadOnlySpan<byte> leftOver)
    {
        if (!leftOver.IsEmpty)
        {
            _input.Add(leftOver);
            replies.Start();
        }
    }

    /// <summary>Serves until nothing comes any more (None: it holds no buffer then, and is to be called again when something
    /// has come), or the session ends.</summary>
    public SessionEnd Run()
    {
        while (TryNext())
        {
            // One request after the other.
        }

        if (_end != SessionEnd.None)
        {
            Release();
        }

        return _end;
    }

    /// <summary>Gives back what it holds.</summary>
    public void Release()
    {
        _input.Release();
        replies.Release();
    }

    private bool TryNext()
    {
        if (_input.Payload.IsBegun)
        {
            // All that is there, the next requests too: they are answered together.
            return _input.Payload.IsWhole ? WritePayload() : Receive(_framing.SizeBytes, int.MaxValue);
        }

        if (_isDraining)
        {
            return Drain();
        }

        ReadOnlySpan<byte> arrived = _input.Arrived;
        if (arrived.Length < _framing.SizeBytes)
        {
            return Receive(_framing.SizeBytes, int.MaxValue);
        }

        if (!_framing.TryRead(arrived, out NbdRequestHeader header))
        {
            return EndByClientsFault(NbdProtocolErrorKinds.BadRequestMagic);
        }

        if (header.Command == NbdCommand.Disconnect)
        {
            // Goodbye has no answer, but what came before it has.
            return SendReplies() && EndWith(SessionEnd.Close);
        }

        NbdVerdict verdict = NbdRequestJudge.Judge(header, session.Terms);
        if (_isLate)
        {
            verdict = RefuseLate(verdict);
        }

        return verdict.Payload switch
        {
            NbdPayloadRoom.None => Answer(header, verdict.Refusal),
            NbdPayloadRoom.Take => TakePayload(header, arrived.Length),
            NbdPayloadRoom.Drain => DrainPayload(header, verdict.Refusal),
            _ => EndByClientsFault(NbdProtocolErrorKinds.PayloadTooLong),
        };
    }

    /// <summary>A request that the stopping server received is refused once it has arrived whole.</summary>
    private static NbdVerdict RefuseLate(in NbdVerdict verdict) => new(
        NbdErrors.ServerStops, verdict.Payload == NbdPayloadRoom.Take ? NbdPayloadRoom.Drain : verdict.Payload);

    private bool Answer(in NbdRequestHeader header, in NbdRefusal refusal)
    {
        _input.Consume(_framing.SizeBytes);
        if (refusal.Error == NbdError.None)
        {
            return _executor.Execute(header, default) || EndAsReplies();
        }

        return Refuse(header, refusal);
    }

    private bool TakePayload(in NbdRequestHeader header, int arrivedBytes)
    {
        int payloadBytes = (int)header.LengthBytes;
        int wholeBytes = _framing.SizeBytes + payloadBytes;
        if (arrivedBytes < wholeBytes)
        {
            if (!_isLate && _input.Payload.Suits(header))
            {
                return BeginPayload(header, wholeBytes);
            }

            int limitBytes = payloadBytes < LargePayloadBytes
                ? int.MaxValue
                : wholeBytes - arrivedBytes + _framing.SizeBytes;
            return Receive(wholeBytes, limitBytes);
        }

        ReadOnlySpan<byte> payload = _input.Arrived.Slice(_framing.SizeBytes, payloadBytes);
        bool goesOn = header.Command == NbdCommand.BlockStatus
            ? TellStatus(header, payload)
            : _executor.Execute(header, payload) || EndAsReplies();
        _input.Consume(wholeBytes);
        return goesOn;
    }

    /// <summary>From here on the payload is received where the disk keeps it.</summary>
    private bool BeginPayload(in NbdRequestHeader header, int wholeBytes)
    {
        if (!SendReplies())
        {
            return false;
        }

        return _input.BeginPayload(header, wholeBytes + _framing.SizeBytes) switch
        {
            SocketReceipt.End => EndWith(SessionEnd.Close),
            SocketReceipt.Idle => Receive(wholeBytes, int.MaxValue),
            _ => true,
        };
    }

    private bool WritePayload()
    {
        NbdRequestHeader header = _input.Payload.Request;
        if (_isLate)
        {
            _input.Payload.Release();
            return Refuse(header, NbdErrors.ServerStops);
        }

        return _executor.Write(header, _input.Payload) || EndAsReplies();
    }

    private bool TellStatus(in NbdRequestHeader header, ReadOnlySpan<byte> payload)
    {
        NbdRefusal refusal = NbdRequestJudge.JudgeStatusPayload(
            header, payload, session.Terms, out NbdRequestHeader effective, out IReadOnlyList<NbdMetaContext> contexts);
        return refusal.Error != NbdError.None
            ? Refuse(effective, refusal)
            : _executor.TellStatus(effective, contexts) || EndAsReplies();
    }

    private bool DrainPayload(in NbdRequestHeader header, in NbdRefusal refusal)
    {
        _input.Consume(_framing.SizeBytes);
        (_drained, _drainedFor, _drainBytes) = (header, refusal, (long)header.LengthBytes);
        _isDraining = true;
        return true;
    }

    private bool Drain()
    {
        int here = (int)Math.Min(_drainBytes, _input.Arrived.Length);
        _input.Consume(here);
        _drainBytes -= here;
        if (_drainBytes > 0)
        {
            return Receive(_framing.SizeBytes, int.MaxValue);
        }

        _isDraining = false;
        return Refuse(_drained, _drainedFor);
    }

    private bool Refuse(in NbdRequestHeader header, in NbdRefusal refusal)
    {
        if (refusal.Error == NbdError.InvalidArgument)
        {
            protocolErrors.Count(NbdFrontEnd.Label, NbdProtocolErrorKinds.InvalidRequest);
        }

        return _executor.Answer(header, refusal) || EndAsReplies();
    }

    /// <summary>Sends what is gathered, then waits for more.</summary>
    private bool Receive(int neededBytes, int limitBytes)
    {
        if (!SendReplies())
        {
            return false;
        }

        // While the server stops, what has begun is still received, and what is there; then the connection ends.
        bool isMidRequest = _isDraining || _input.Payload.IsBegun || !_input.Arrived.IsEmpty;
        _isIdle = !isMidRequest;
        while (isMidRequest || !isStopping() || socket.HasArrivals)
        {
            SocketReceipt receipt = _input.Receive(neededBytes, limitBytes);
            if (receipt == SocketReceipt.End)
            {
                return EndWith(SessionEnd.Close);
            }

            if (receipt == SocketReceipt.Data)
            {
                _isIdle = false;
                _isLate = isStopping();
                replies.Start();
                return session.IsLive || EndNotLive();
            }

            if (TryRest(isMidRequest))
            {
                return false;
            }
        }

        return EndWith(SessionEnd.Close);
    }

    /// <summary>Nothing came for as long as it has patience. False when the server stops and there is nothing to wait
    /// for.</summary>
    private bool TryRest(bool isMidRequest)
    {
        _executor.Release();
        _input.Rest();

        // It said that it is idle: a stop that did not see this is seen here.
        Interlocked.MemoryBarrier();
        return isMidRequest || !isStopping();
    }

    /// <summary>False when the session ended, also when there was nothing to send and the power has gone.</summary>
    private bool SendReplies() => replies.Send() ? session.IsLive || EndNotLive() : EndAsReplies();

    private bool EndAsReplies() => EndWith(replies.End);

    /// <summary>True when the disk is set to answer on with errors.</summary>
    private bool EndNotLive()
    {
        SessionEnd end = session.EndWhenNotLive();
        return end == SessionEnd.None || EndWith(end);
    }

    private bool EndByClientsFault(string kind)
    {
        protocolErrors.Count(NbdFrontEnd.Label, kind);
        return SendReplies() && EndWith(SessionEnd.Close);
    }

    private bool EndWith(SessionEnd end)
    {
        _end = end;
        return false;
    }
}

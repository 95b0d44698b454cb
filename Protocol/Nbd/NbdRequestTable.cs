namespace BlockEmu.Protocol.Nbd;

/// <summary>A client's requests in flight, by cookie.</summary>
/// <remarks>No thread of its own: of those who wait, one reads the connection and hands the others what came for them.</remarks>
internal sealed class NbdRequestTable
{
    private const int GatheredPayloadBytes = 64 << 10;

    private readonly Stream _stream;
    private readonly NbdReplyReader _reader;

    // Keeps one request's bytes together on the wire. Taken before _gate, never while it is held.
    private readonly Lock _sending = new();

    // Protects everything below; a monitor, because waiters sleep on it.
    private readonly object _gate = new();
    private readonly Dictionary<ulong, NbdReplyBuilder> _inFlight = [];
    private ulong _lastCookie;
    private bool _isSomeoneReading;
    private IOException? _failure;

    public NbdRequestTable(Stream stream)
    {
        _stream = stream;
        _reader = new NbdReplyReader(stream, Find);
    }

    /// <summary>Set once, before the first request.</summary>
    public NbdReplyStyle Style
    {
        get => _reader.Style;
        set => _reader.Style = value;
    }

    public ulong Send(
        NbdCommand command, NbdCommandFlags flags, ulong offsetBytes, ulong lengthBytes, ReadOnlySpan<byte> payload)
    {
        NbdRequestHeader header;
        lock (_gate)
        {
            ThrowIfFailed();
            header = new NbdRequestHeader(flags, command, ++_lastCookie, offsetBytes, lengthBytes);
            ulong meantBytes = command == NbdCommand.BlockStatus && !payload.IsEmpty
                ? NbdStatusPayload.ReadLength(payload)
                : lengthBytes;
            _inFlight.Add(header.Cookie, new NbdReplyBuilder(header with { LengthBytes = meantBytes }, Style));
        }

        SendBytes(header, payload);
        return header.Cookie;
    }

    public void SendUnanswered(NbdCommand command) =>
        SendBytes(new NbdRequestHeader(NbdCommandFlags.None, command, 0, 0, 0), default);

    public NbdReply Wait(ulong cookie, Span<byte> destination)
    {
        NbdReplyBuilder request = WaitForTurn(cookie);
        while (request.Done is null)
        {
            ReadOneReply();
            request = WaitForTurn(cookie);
        }

        request.Data.CopyTo(destination);
        return request.Done;
    }

    /// <summary>Returns when the request is done, or when it is this thread's turn to read.</summary>
    private NbdReplyBuilder WaitForTurn(ulong cookie)
    {
        lock (_gate)
        {
            NbdReplyBuilder request = _inFlight[cookie];
            while (request.Done is null)
            {
                ThrowIfFailed();
                if (!_isSomeoneReading)
                {
                    _isSomeoneReading = true;
                    return request;
                }

                Monitor.Wait(_gate);
            }

            _inFlight.Remove(cookie);
            return request;
        }
    }

    /// <summary>Reads until some request is done; its waiter may look at it only then.</summary>
    private void ReadOneReply()
    {
        try
        {
            while (_reader.ReadOne().Done is null)
            {
                // More chunks of it are to come, or of another one.
            }

            lock (_gate)
            {
                _isSomeoneReading = false;
                Monitor.PulseAll(_gate);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            Fail(e);
            throw;
        }
    }

    private NbdReplyBuilder Find(ulong cookie)
    {
        lock (_gate)
        {
            return _inFlight.TryGetValue(cookie, out NbdReplyBuilder? request) && request.Done is null
                ? request
                : throw new InvalidDataException($"a reply has cookie {cookie}, which is not in flight");
        }
    }

    private void Fail(Exception cause)
    {
        lock (_gate)
        {
            _failure = new IOException("the connection is lost", cause);
            _isSomeoneReading = false;
            Monitor.PulseAll(_gate);
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new IOException(_failure.Message, _failure.InnerException);
        }
    }

    private void SendBytes(NbdRequestHeader header, ReadOnlySpan<byte> payload)
    {
        // Small requests leave in one piece: two sends would be two packets.
        bool isGathered = payload.Length <= GatheredPayloadBytes;
        var framing = new NbdRequestFraming(Style);
        byte[] first = new byte[framing.SizeBytes + (isGathered ? payload.Length : 0)];
        framing.Write(first, header);
        lock (_sending)
        {
            if (isGathered)
            {
                payload.CopyTo(first.AsSpan(framing.SizeBytes));
                _stream.Write(first);
            }
            else
            {
                _stream.Write(first);
                _stream.Write(payload);
            }
        }
    }
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>A client's requests in flight, by cookie.</summary>
/// <remarks>No thread of its own: of those who wait, one reads the connection and hands the others what came for them.</remarks>
internal sealed class NbdRequestTable(Stream stream)
{
    private const int GatheredPayloadBytes = 64 << 10;

    // Keeps one request's bytes together on the wire. Taken before _gate, never while it is held.
    private readonly Lock _sending = new();

    // Protects everything below; a monitor, because waiters sleep on it.
    private readonly object _gate = new();
    private readonly Dictionary<ulong, Request> _inFlight = [];
    private ulong _lastCookie;
    private bool _isSomeoneReading;
    private IOException? _failure;

    public ulong Send(
        NbdCommand command, NbdCommandFlags flags, ulong offsetBytes, uint lengthBytes, ReadOnlySpan<byte> payload)
    {
        ulong cookie;
        lock (_gate)
        {
            ThrowIfFailed();
            cookie = ++_lastCookie;
            _inFlight.Add(cookie, new Request(command == NbdCommand.Read ? checked((int)lengthBytes) : 0));
        }

        SendBytes(new NbdRequestHeader(flags, command, cookie, offsetBytes, lengthBytes), payload);
        return cookie;
    }

    public void SendUnanswered(NbdCommand command) =>
        SendBytes(new NbdRequestHeader(NbdCommandFlags.None, command, 0, 0, 0), default);

    public NbdError Wait(ulong cookie, Span<byte> destination)
    {
        Request request = WaitForTurn(cookie);
        while (!request.IsDone)
        {
            ReadOneReply();
            request = WaitForTurn(cookie);
        }

        request.Data.CopyTo(destination);
        return request.Error;
    }

    /// <summary>Returns when the request is done, or when it is this thread's turn to read.</summary>
    private Request WaitForTurn(ulong cookie)
    {
        lock (_gate)
        {
            Request request = _inFlight[cookie];
            while (!request.IsDone)
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

    private void ReadOneReply()
    {
        try
        {
            byte[] bytes = new byte[NbdSimpleReply.SizeBytes];
            stream.ReadExactly(bytes);
            if (!NbdSimpleReply.TryRead(bytes, out NbdSimpleReply reply))
            {
                throw new InvalidDataException("a reply does not start with its magic");
            }

            Request request = Find(reply.Cookie);
            byte[] data = new byte[reply.Error == NbdError.None ? request.ReadLengthBytes : 0];
            stream.ReadExactly(data);
            lock (_gate)
            {
                request.Finish(reply.Error, data);
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

    private Request Find(ulong cookie)
    {
        lock (_gate)
        {
            return _inFlight.TryGetValue(cookie, out Request? request) && !request.IsDone
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
        byte[] first = new byte[NbdRequestHeader.SizeBytes + (isGathered ? payload.Length : 0)];
        header.Write(first);
        lock (_sending)
        {
            if (isGathered)
            {
                payload.CopyTo(first.AsSpan(NbdRequestHeader.SizeBytes));
                stream.Write(first);
            }
            else
            {
                stream.Write(first);
                stream.Write(payload);
            }
        }
    }

    private sealed class Request(int readLengthBytes)
    {
        public int ReadLengthBytes { get; } = readLengthBytes;

        public bool IsDone { get; private set; }

        public NbdError Error { get; private set; }

        public byte[] Data { get; private set; } = [];

        public void Finish(NbdError error, byte[] data)
        {
            Error = error;
            Data = data;
            IsDone = true;
        }
    }
}

using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Transport;

/// <summary>A client behind two descriptors, one for each direction: pipes, or a socket each.</summary>
/// <remarks>Nothing is assumed of the descriptors' blocking mode, and nothing is changed: others may share it. So no call
/// is made that could block but a poll, which <see cref="Reset"/> wakes.</remarks>
internal sealed class ClientPipes : ClientLink
{
    // A pipe that polls as writable takes a page without blocking.
    private const int PipePageBytes = 4096;

    // Closed by the connection's own thread only, which is also the only one that polls.
    private readonly SafeFileHandle _input;
    private readonly SafeFileHandle _output;
    private readonly SafeFileHandle _endSignal = PipeCalls.CreateSignal();
    private readonly SafeFileHandle _resetSignal = PipeCalls.CreateSignal();
    private readonly bool _sendsToSocket;

    // Held while bytes are sent, so that a reset can wait for the end of that; it wakes the sender first.
    private readonly Lock _sending = new();
    private volatile bool _isReset;
    private int _patienceMs = -1;

    /// <summary>Both descriptors are ours from here on.</summary>
    /// <param name="input">What the client sends.</param>
    /// <param name="output">What it receives.</param>
    /// <param name="sendsToSocket">Whether <paramref name="output"/> is a socket.</param>
    public ClientPipes(SafeFileHandle input, SafeFileHandle output, bool sendsToSocket)
    {
        _input = input;
        _output = output;
        _sendsToSocket = sendsToSocket;
    }

    public override bool HasArrivals => PipeCalls.Poll([PipeCalls.Readable(_input)], 0) != 0;

    /// <summary>What was written is the pipe's, and the client's.</summary>
    public override bool HasUnsentBytes => false;

    public override void SendAtOnce()
    {
        // A pipe does.
    }

    public override void LimitReceives(int patienceMs) => _patienceMs = patienceMs;

    public override SocketReceipt Receive(Span<byte> destination, out int receivedBytes)
    {
        receivedBytes = 0;
        while (true)
        {
            Span<PollDescriptor> polled = [PipeCalls.Readable(_input), PipeCalls.Readable(_endSignal)];
            int ready = PipeCalls.Poll(polled, _patienceMs);
            if (ready == 0)
            {
                return SocketReceipt.Idle;
            }

            if (_isReset || !polled[0].IsReady)
            {
                return SocketReceipt.End;
            }

            receivedBytes = PipeCalls.Read(_input, destination, out bool mayRetry);
            if (!mayRetry)
            {
                return receivedBytes > 0 ? SocketReceipt.Data : SocketReceipt.End;
            }
        }
    }

    public override bool Send(ReadOnlySpan<byte> source)
    {
        lock (_sending)
        {
            while (!source.IsEmpty)
            {
                if (_isReset)
                {
                    return false;
                }

                PipeCalls.Poll([PipeCalls.Writable(_output), PipeCalls.Readable(_resetSignal)], -1);
                if (_isReset)
                {
                    return false;
                }

                int sentBytes = _sendsToSocket
                    ? PipeCalls.Send(_output, source, out bool mayRetry)
                    : PipeCalls.Write(_output, source[..Math.Min(source.Length, PipePageBytes)], out mayRetry);
                if (sentBytes <= 0 && !mayRetry)
                {
                    return false;
                }

                source = source[Math.Max(0, sentBytes)..];
            }

            return true;
        }
    }

    public override bool TrySend(ReadOnlySpan<byte> source, int patienceMs) =>
        PipeCalls.Poll([PipeCalls.Writable(_output), PipeCalls.Readable(_resetSignal)], patienceMs) > 0 && Send(source);

    public override bool WaitUntilReadable(int patienceMs) =>
        PipeCalls.Poll([PipeCalls.Readable(_input), PipeCalls.Readable(_endSignal)], patienceMs) != 0;

    public override void WaitUntilGone() => PipeCalls.Poll(
        [PipeCalls.HungUp(_input), PipeCalls.HungUp(_output), PipeCalls.Readable(_resetSignal)], -1);

    public override void Reset()
    {
        _isReset = true;
        PipeCalls.Raise(_resetSignal);
        PipeCalls.Raise(_endSignal);
        lock (_sending)
        {
            _output.Dispose();
        }
    }

    public override void EndReceiving() => PipeCalls.Raise(_endSignal);

    public override void Dispose()
    {
        _isReset = true;
        _input.Dispose();
        _output.Dispose();
        _endSignal.Dispose();
        _resetSignal.Dispose();
    }
}

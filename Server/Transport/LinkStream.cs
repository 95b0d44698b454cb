namespace BlockEmu.Server.Transport;

/// <summary>A client's link as TLS reads and writes it: blocking, for one thread.</summary>
/// <remarks>What a link says as a value, a stream can only throw: <see cref="LinkIdleException"/> for an idle second, an
/// <see cref="IOException"/> for a client that has gone.</remarks>
internal sealed class LinkStream(ClientLink link) : Stream
{
    private const int HurryMs = 1000;

    /// <summary>Whether nothing for a second is no reason to stop waiting; the end must come from elsewhere.</summary>
    public bool IsPatient { get; set; }

    /// <summary>Whether what is written may be dropped: when there is no room for it within a second.</summary>
    public bool IsHurried { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            // TLS asks whether there is something before it makes room; the next read waits as well as this one.
            return 0;
        }

        SocketReceipt receipt;
        int receivedBytes;
        do
        {
            receipt = link.Receive(buffer, out receivedBytes);
        }
        while (receipt == SocketReceipt.Idle && IsPatient);
        return receipt == SocketReceipt.Idle ? throw new LinkIdleException() : receivedBytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!(IsHurried ? link.TrySend(buffer, HurryMs) : link.Send(buffer)))
        {
            throw new IOException("the client has gone");
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

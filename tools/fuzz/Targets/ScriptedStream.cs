namespace BlockEmu.Fuzz.Targets;

/// <summary>A server that says what it was going to say, in pieces, whatever it hears.</summary>
internal sealed class ScriptedStream(byte[] says, Pieces pieces) : Stream
{
    private int _said;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int left = Math.Min(buffer.Length, says.Length - _said);
        if (left == 0)
        {
            return 0;
        }

        int count = pieces.Next(left);
        says.AsSpan(_said, count).CopyTo(buffer);
        _said += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // Nobody listens.
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        // Nobody listens.
    }

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

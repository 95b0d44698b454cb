namespace BlockEmu.Server.Transport;

/// <summary>What has been received and not yet been carried out, in one piece.</summary>
internal sealed class RequestBuffer(ConnectionMemory memory)
{
    private readonly PooledBuffer _buffer = new(memory, memory.Budget.SmallRequests, memory.Budget.LargeRequests);
    private int _start;
    private int _end;

    // The last receive took all the room that there was: more is waiting, most likely.
    private bool _wasFilled;

    /// <summary>The bytes that are here.</summary>
    public ReadOnlySpan<byte> Arrived => _buffer.Bytes[_start.._end];

    /// <summary>Whether others wait for the memory that it holds and that a request of so many bytes does not need.</summary>
    public bool IsHeldFromOthers(int neededBytes) => neededBytes <= PooledBuffer.SmallBytes && _buffer.IsHeldFromOthers;

    /// <summary>Where the next bytes go. False: as of <see cref="PooledBuffer.TryGrow"/>.</summary>
    /// <param name="neededBytes">How many must fit, from the first that is here.</param>
    /// <param name="limitBytes">How many to take at most; many more than needed are never taken.</param>
    /// <param name="mayWait">Whether to wait for memory.</param>
    /// <param name="room">The place.</param>
    public bool TryMakeRoom(int neededBytes, int limitBytes, bool mayWait, out Span<byte> room)
    {
        room = default;
        int arrivedBytes = _end - _start;
        int capacity = _buffer.CapacityBytes;
        if (_start > 0 && (arrivedBytes == 0 || _start > capacity / 2 || capacity - _start < neededBytes))
        {
            Compact(arrivedBytes);
        }

        if (capacity - _start < neededBytes && !_buffer.TryGrow(neededBytes, _end, mayWait))
        {
            return false;
        }

        if (_wasFilled)
        {
            _wasFilled = false;
            _buffer.TryGrow(PooledBuffer.BaseBytes, _end, mayWait: false);
        }

        room = _buffer.Bytes[_end..];
        room = room[..Math.Min(Math.Min(room.Length, limitBytes), PooledBuffer.BaseBytes + neededBytes)];
        return true;
    }

    public void Add(int receivedBytes)
    {
        _end += receivedBytes;
        _wasFilled = _end == _buffer.CapacityBytes;
    }

    /// <summary>Puts back, in front of what is here, what was consumed before; it has the room that it had then.</summary>
    public void PutBack(ReadOnlySpan<byte> bytes)
    {
        byte[] arrived = Arrived.ToArray();
        bytes.CopyTo(_buffer.Bytes);
        arrived.CopyTo(_buffer.Bytes[bytes.Length..]);
        (_start, _end) = (0, bytes.Length + arrived.Length);
    }

    public void Consume(int bytes)
    {
        _start += bytes;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Gives back what a few bytes, or none, do not need.</summary>
    public void Rest()
    {
        int arrivedBytes = _end - _start;
        if (arrivedBytes == 0)
        {
            Release();
        }
        else if (arrivedBytes < PooledBuffer.SmallBytes)
        {
            Compact(arrivedBytes);
            _buffer.Shrink(arrivedBytes);
        }
    }

    public void Release()
    {
        _start = _end = 0;
        _wasFilled = false;
        _buffer.Release();
    }

    private void Compact(int arrivedBytes)
    {
        Arrived.CopyTo(_buffer.Bytes);
        (_start, _end) = (0, arrivedBytes);
    }
}

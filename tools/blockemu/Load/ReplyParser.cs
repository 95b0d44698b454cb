using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>Takes replies apart as they arrive, cut anywhere. Data is passed over, not looked at; everything else is judged, and
/// what no server may say is a <see cref="LoadFailedException"/>.</summary>
internal sealed class ReplyParser(RequestSlots slots, bool isStructured)
{
    private const int MagicBytes = sizeof(uint);

    /// <summary>An error's words are not worth more.</summary>
    private const uint MaxErrorBytes = 64 << 10;

    /// <summary>An error chunk's number, and the length of its words.</summary>
    private const uint FixedErrorBytes = 6;

    private const int None = -1;

    private readonly byte[] _partial = new byte[NbdChunkHeader.SizeBytes];
    private int _partialBytes;
    private long _payloadBytes;
    private int _current = None;
    private bool _isErrorAhead;
    private bool _isLast;

    /// <summary>Takes what has arrived; <paramref name="now"/> is when.</summary>
    public void Take(ReadOnlySpan<byte> bytes, long now)
    {
        while (true)
        {
            if (_payloadBytes > 0 && !_isErrorAhead)
            {
                int passed = (int)Math.Min(_payloadBytes, bytes.Length);
                bytes = bytes[passed..];
                _payloadBytes -= passed;
                if (_payloadBytes > 0)
                {
                    return;
                }
            }

            if (_current != None && _payloadBytes == 0)
            {
                if (_isLast)
                {
                    slots.Complete(_current, now);
                }

                _current = None;
            }

            if (bytes.IsEmpty || !TryTakeWhole(ref bytes, out ReadOnlySpan<byte> message))
            {
                return;
            }

            Judge(message);
        }
    }

    /// <summary>The next header, or the number in front of an error's words, whole; false when some of it is still to come.</summary>
    private bool TryTakeWhole(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> message)
    {
        if (_partialBytes == 0 && bytes.Length >= NbdChunkHeader.SizeBytes)
        {
            int length = LengthOf(bytes);
            message = bytes[..length];
            bytes = bytes[length..];
            return true;
        }

        message = default;
        while (!bytes.IsEmpty)
        {
            int taken = Math.Min(WantedBytes() - _partialBytes, bytes.Length);
            bytes[..taken].CopyTo(_partial.AsSpan(_partialBytes));
            bytes = bytes[taken..];
            _partialBytes += taken;
            if (_partialBytes == WantedBytes())
            {
                message = _partial.AsSpan(0, _partialBytes);
                _partialBytes = 0;
                return true;
            }
        }

        return false;
    }

    private int WantedBytes() => _partialBytes < MagicBytes ? MagicBytes : LengthOf(_partial);

    private int LengthOf(ReadOnlySpan<byte> start)
    {
        if (_isErrorAhead)
        {
            return MagicBytes;
        }

        uint magic = BinaryPrimitives.ReadUInt32BigEndian(start);
        return magic switch
        {
            NbdMagic.SimpleReply => NbdSimpleReply.SizeBytes,
            NbdMagic.StructuredReply when isStructured => NbdChunkHeader.SizeBytes,
            _ => throw new LoadFailedException($"the server sent {magic:x8} where a reply begins"),
        };
    }

    private void Judge(ReadOnlySpan<byte> message)
    {
        if (_isErrorAhead)
        {
            _isErrorAhead = false;
            _payloadBytes -= MagicBytes;
            slots[_current].Error = (NbdError)BinaryPrimitives.ReadUInt32BigEndian(message);
        }
        else if (NbdSimpleReply.TryRead(message, out NbdSimpleReply reply))
        {
            _current = slots.Find(reply.Cookie);
            ref RequestSlots.Slot slot = ref slots[_current];
            bool isRead = slot.Command == NbdCommand.Read;
            if (isRead && isStructured)
            {
                throw new LoadFailedException("the server answered a READ with a simple reply after structured ones were agreed on");
            }

            slot.Error = reply.Error;
            _payloadBytes = isRead && reply.Error == NbdError.None ? slot.LengthBytes : 0;
            _isLast = true;
        }
        else
        {
            NbdChunkHeader.TryRead(message, out NbdChunkHeader chunk);
            JudgeChunk(chunk);
        }
    }

    private void JudgeChunk(NbdChunkHeader chunk)
    {
        _current = slots.Find(chunk.Cookie);
        ref RequestSlots.Slot slot = ref slots[_current];
        bool isError = ((int)chunk.Type & 0x8000) != 0;
        bool isRight = chunk.Type switch
        {
            NbdChunkType.None => chunk.LengthBytes == 0 && chunk.IsDone,
            NbdChunkType.OffsetData => slot.Command == NbdCommand.Read
                && chunk.LengthBytes is > NbdChunkHeader.DataOffsetSizeBytes and <= NbdChunkHeader.DataOffsetSizeBytes + LoadCase.MaxBlockBytes,
            NbdChunkType.OffsetHole => slot.Command == NbdCommand.Read && chunk.LengthBytes == NbdOffsetHole.SizeBytes,
            _ => isError && chunk.LengthBytes is >= FixedErrorBytes and <= MaxErrorBytes,
        };

        // A reply has no more pieces than bytes, and no more data than was asked for.
        slot.BudgetBytes -= chunk.Type == NbdChunkType.OffsetData ? (int)chunk.LengthBytes - NbdChunkHeader.DataOffsetSizeBytes : 1;
        if (!isRight || slot.BudgetBytes < 0)
        {
            throw new LoadFailedException($"the server answered {slot.Command} of {slot.LengthBytes} bytes with {chunk}");
        }

        _payloadBytes = chunk.LengthBytes;
        _isErrorAhead = isError;
        _isLast = chunk.IsDone;
    }
}

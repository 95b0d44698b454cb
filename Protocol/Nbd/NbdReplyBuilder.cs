using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>A request in flight at the client, and what has come for it: judges every chunk before it is taken.</summary>
/// <remarks>A server that breaks a rule of the protocol ends the connection: <see cref="InvalidDataException"/>.</remarks>
/// <param name="request">As it was meant: with the length of the range, also where a payload carried it.</param>
/// <param name="style">What was negotiated.</param>
internal sealed class NbdReplyBuilder(NbdRequestHeader request, NbdReplyStyle style)
{
    private const int MaxStatusExtents = 1 << 20;

    private readonly List<NbdChunkType> _chunks = [];
    private readonly Dictionary<uint, IReadOnlyList<NbdStatusExtent>> _extents = [];
    private readonly List<(ulong Start, ulong End)> _content = [];
    private NbdErrorChunk? _error;
    private volatile NbdReply? _done;
    private ulong _coveredBytes;

    /// <summary>What extended replies must echo.</summary>
    public ulong OffsetBytes => request.OffsetBytes;

    public bool IsRead => request.Command == NbdCommand.Read;

    /// <summary>How much a READ asked for, else 0.</summary>
    public int ReadLengthBytes => IsRead ? checked((int)request.LengthBytes) : 0;

    public byte[] Data { get; private set; } = [];

    /// <summary>Set when the last chunk has come.</summary>
    public NbdReply? Done => _done;

    /// <summary>The largest payload a chunk of this type may have here.</summary>
    public long MaxPayloadBytes(NbdChunkType type) => type switch
    {
        NbdChunkType.None => 0,
        NbdChunkType.OffsetData => NbdChunkHeader.DataOffsetSizeBytes + (long)ReadLengthBytes,
        NbdChunkType.OffsetHole => NbdOffsetHole.SizeBytes,
        NbdChunkType.BlockStatus => NbdChunkHeader.ContextIdSizeBytes + ((long)MaxStatusExtents * NbdStatusExtent.SizeBytes),
        NbdChunkType.BlockStatusExtended =>
            NbdExtendedChunkHeader.ContextIdAndCountSizeBytes + ((long)MaxStatusExtents * NbdStatusExtent.ExtendedSizeBytes),
        NbdChunkType.Error or NbdChunkType.ErrorOffset => NbdErrorChunk.MaxSizeBytes(NbdLimits.MaxStringBytes),
        _ => -1,
    };

    public void FinishSimple(NbdError error, byte[] data)
    {
        Data = data;
        _done = new NbdReply { Error = error };
    }

    public void Take(NbdChunkType type, bool isDone, ReadOnlySpan<byte> payload)
    {
        _chunks.Add(type);
        switch (type)
        {
            case NbdChunkType.None:
                Demand(isDone, "NONE is always the last chunk");
                break;
            case NbdChunkType.OffsetData:
                Demand(payload.Length > NbdChunkHeader.DataOffsetSizeBytes, "a data chunk is empty");
                ulong offset = BinaryPrimitives.ReadUInt64BigEndian(payload);
                payload = payload[NbdChunkHeader.DataOffsetSizeBytes..];
                payload.CopyTo(Cover(offset, (ulong)payload.Length));
                break;
            case NbdChunkType.OffsetHole:
                Demand(payload.Length == NbdOffsetHole.SizeBytes, "a hole has a wrong length");
                NbdOffsetHole hole = NbdOffsetHole.Read(payload);
                Demand(hole.LengthBytes != 0, "a hole is empty");
                Cover(hole.OffsetBytes, hole.LengthBytes).Clear();
                break;
            case NbdChunkType.BlockStatus:
                Demand(style == NbdReplyStyle.Structured, "a compact block status came with extended headers");
                TakeStatus(payload);
                break;
            case NbdChunkType.BlockStatusExtended:
                Demand(style == NbdReplyStyle.Extended, "an extended block status came without extended headers");
                TakeExtendedStatus(payload);
                break;
            default:
                Demand(NbdErrorChunk.TryRead(type, payload, out NbdErrorChunk error), "an error chunk is badly formed");
                Demand(error.OffsetBytes is not { } at || IsInside(at, 1), "an error lies outside the request");
                _error ??= error;
                break;
        }

        if (isDone)
        {
            Finish();
        }
    }

    private void TakeStatus(ReadOnlySpan<byte> payload)
    {
        int extentBytes = payload.Length - NbdChunkHeader.ContextIdSizeBytes;
        Demand(extentBytes > 0 && extentBytes % NbdStatusExtent.SizeBytes == 0, "a block status has a wrong length");
        uint id = BinaryPrimitives.ReadUInt32BigEndian(payload);
        List<NbdStatusExtent> extents = [];
        for (int at = NbdChunkHeader.ContextIdSizeBytes; at < payload.Length; at += NbdStatusExtent.SizeBytes)
        {
            extents.Add(NbdStatusExtent.Read(payload[at..]));
        }

        TakeExtents(id, extents);
    }

    private void TakeExtendedStatus(ReadOnlySpan<byte> payload)
    {
        const int fixedBytes = NbdExtendedChunkHeader.ContextIdAndCountSizeBytes;
        Demand(payload.Length > fixedBytes, "a block status has a wrong length");
        uint count = BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
        Demand(payload.Length - fixedBytes == (long)count * NbdStatusExtent.ExtendedSizeBytes, "a block status has a wrong count");
        List<NbdStatusExtent> extents = [];
        for (int at = fixedBytes; at < payload.Length; at += NbdStatusExtent.ExtendedSizeBytes)
        {
            extents.Add(NbdStatusExtent.ReadExtended(payload[at..]));
        }

        TakeExtents(BinaryPrimitives.ReadUInt32BigEndian(payload), extents);
    }

    private void TakeExtents(uint id, List<NbdStatusExtent> extents)
    {
        Demand(request.Command == NbdCommand.BlockStatus, "status of blocks came for another command");
        ulong totalBytes = 0;
        for (int i = 0; i < extents.Count; i++)
        {
            Demand(extents[i].LengthBytes != 0, "an extent is empty");
            Demand(totalBytes < request.LengthBytes, "an extent begins behind the request");
            totalBytes += extents[i].LengthBytes;
        }

        bool isOne = (request.Flags & NbdCommandFlags.RequestOne) != NbdCommandFlags.None;
        Demand(!isOne || (extents.Count == 1 && totalBytes <= request.LengthBytes), "REQ_ONE was answered with more");
        Demand(_extents.TryAdd(id, extents), "a context was told twice");
    }

    private Span<byte> Cover(ulong offsetBytes, ulong lengthBytes)
    {
        Demand(IsRead && IsInside(offsetBytes, lengthBytes), "content lies outside the request");
        Demand(
            !_content.Exists(c => c.Start < offsetBytes + lengthBytes && offsetBytes < c.End), "content was sent twice");
        _content.Add((offsetBytes, offsetBytes + lengthBytes));
        bool isWhole = (request.Flags & NbdCommandFlags.DontFragment) != NbdCommandFlags.None;
        Demand(!isWhole || (_content.Count == 1 && _chunks[^1] == NbdChunkType.OffsetData), "DF was answered in pieces");
        _coveredBytes += lengthBytes;
        if (Data.Length == 0)
        {
            Data = new byte[ReadLengthBytes];
        }

        return Data.AsSpan((int)(offsetBytes - request.OffsetBytes), (int)lengthBytes);
    }

    private bool IsInside(ulong offsetBytes, ulong lengthBytes) =>
        offsetBytes >= request.OffsetBytes && lengthBytes <= request.LengthBytes
        && offsetBytes - request.OffsetBytes <= request.LengthBytes - lengthBytes;

    private void Finish()
    {
        Demand(_error is not null || !IsRead || _coveredBytes == request.LengthBytes, "a READ succeeded in part");
        Demand(
            _error is not null || request.Command != NbdCommand.BlockStatus || _extents.Count > 0, "no context was told");
        _done = new NbdReply
        {
            Error = _error?.Error ?? NbdError.None,
            Message = _error?.Message ?? "",
            ErrorOffsetBytes = _error?.OffsetBytes,
            Chunks = _chunks,
            Extents = _extents,
        };
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}

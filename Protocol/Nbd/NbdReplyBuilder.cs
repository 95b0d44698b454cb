using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>A request in flight at the client, and what has come for it: judges every chunk before it is taken.</summary>
/// <remarks>A server that breaks a rule of the protocol ends the connection: <see cref="InvalidDataException"/>.</remarks>
/// <param name="request">As it was meant: with the length of the range, also where a payload carried it.</param>
/// <param name="style">What was negotiated.</param>
internal sealed class NbdReplyBuilder(NbdRequestHeader request, NbdReplyStyle style)
{
    private const int MaxStatusExtents = 1 << 20;

    // Of all contexts together: more than any server of ours or others' tells at once.
    private const int MaxExtentsInAll = 4 << 20;

    // 64 MiB in blocks of 512 bytes, twice over: a reply of more chunks is none that means well.
    private const int MaxChunks = 1 << 18;

    private readonly List<NbdChunkType> _chunks = [];
    private readonly Dictionary<uint, IReadOnlyList<NbdStatusExtent>> _extents = [];
    private readonly NbdCoveredRanges _content = new();
    private NbdErrorChunk? _error;
    private volatile NbdReply? _done;
    private int _contentChunks;
    private int _extentCount;

    /// <summary>What extended replies must echo.</summary>
    public ulong OffsetBytes => request.OffsetBytes;

    public bool IsRead => request.Command == NbdCommand.Read;

    private bool IsStatus => request.Command == NbdCommand.BlockStatus;

    /// <summary>How much a READ asked for, else 0.</summary>
    public int ReadLengthBytes => IsRead ? checked((int)request.LengthBytes) : 0;

    public byte[] Data { get; private set; } = [];

    /// <summary>Set when the last chunk has come.</summary>
    public NbdReply? Done => _done;

    /// <summary>The largest payload a chunk of this type may have here; -1 when none of it may come.</summary>
    public long MaxPayloadBytes(NbdChunkType type) => type switch
    {
        NbdChunkType.None => 0,
        NbdChunkType.OffsetData when IsRead => NbdChunkHeader.DataOffsetSizeBytes + (long)ReadLengthBytes,
        NbdChunkType.OffsetHole when IsRead => NbdOffsetHole.SizeBytes,
        NbdChunkType.BlockStatus when IsStatus => NbdChunkHeader.ContextIdSizeBytes + ((long)MaxStatusExtents * NbdStatusExtent.SizeBytes),
        NbdChunkType.BlockStatusExtended when IsStatus =>
            NbdExtendedChunkHeader.ContextIdAndCountSizeBytes + ((long)MaxStatusExtents * NbdStatusExtent.ExtendedSizeBytes),
        NbdChunkType.Error or NbdChunkType.ErrorOffset => NbdErrorChunk.MaxSizeBytes(NbdLimits.MaxStringBytes),
        _ => -1,
    };

    public void FinishSimple(NbdError error, byte[] data)
    {
        Data = data;
        _done = new NbdReply { Error = Known(error), RawError = (uint)error };
    }

    /// <summary>Where the data of an OFFSET_DATA chunk goes; <see cref="EndData"/> follows when it has come.</summary>
    public Span<byte> BeginData(ulong offsetBytes, ulong lengthBytes)
    {
        Demand(lengthBytes > 0, "a data chunk is empty");
        Count(NbdChunkType.OffsetData);
        return Cover(offsetBytes, lengthBytes);
    }

    /// <summary>The data is there.</summary>
    public void EndData(bool isDone)
    {
        if (isDone)
        {
            Finish();
        }
    }

    /// <summary>Takes a chunk that is no OFFSET_DATA.</summary>
    public void Take(NbdChunkType type, bool isDone, ReadOnlySpan<byte> payload)
    {
        Count(type);
        switch (type)
        {
            case NbdChunkType.None:
                Demand(isDone, "NONE is always the last chunk");
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
        _extentCount += extents.Count;
        Demand(_extentCount <= MaxExtentsInAll, "there is no end of extents");
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
        Demand(_content.TryAdd(offsetBytes, lengthBytes), "content was sent twice");
        _contentChunks++;
        bool isWhole = (request.Flags & NbdCommandFlags.DontFragment) != NbdCommandFlags.None;
        Demand(!isWhole || (_contentChunks == 1 && _chunks[^1] == NbdChunkType.OffsetData), "DF was answered in pieces");
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
        Demand(_error is not null || !IsRead || _content.TotalBytes == request.LengthBytes, "a READ succeeded in part");
        Demand(
            _error is not null || request.Command != NbdCommand.BlockStatus || _extents.Count > 0, "no context was told");
        _done = new NbdReply
        {
            Error = Known(_error?.Error ?? NbdError.None),
            RawError = (uint)(_error?.Error ?? NbdError.None),
            Message = _error?.Message ?? "",
            ErrorOffsetBytes = _error?.OffsetBytes,
            Chunks = _chunks,
            Extents = _extents,
        };
    }

    private void Count(NbdChunkType type)
    {
        Demand(_chunks.Count < MaxChunks, "a reply has no end of chunks");
        _chunks.Add(type);
    }

    /// <summary>An error that the protocol does not know is EINVAL to a client (X3).</summary>
    private static NbdError Known(NbdError error) => Enum.IsDefined(error) ? error : NbdError.InvalidArgument;

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}

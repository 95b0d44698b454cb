namespace BlockEmu.Protocol.Nbd;

/// <summary>The whole answer to a request, as a client got it.</summary>
public sealed record NbdReply
{
    /// <summary>None, or why the request failed; EINVAL for a number that the protocol does not know.</summary>
    public NbdError Error { get; init; }

    /// <summary>The error as it came.</summary>
    public uint RawError { get; init; }

    /// <summary>The server's sentence, or empty.</summary>
    public string Message { get; init; } = "";

    /// <summary>Where it failed, if the server said so.</summary>
    public ulong? ErrorOffsetBytes { get; init; }

    /// <summary>The chunks in the order of their arrival; empty after a simple reply.</summary>
    public IReadOnlyList<NbdChunkType> Chunks { get; init; } = [];

    /// <summary>A BLOCK_STATUS's extents, by context id.</summary>
    public IReadOnlyDictionary<uint, IReadOnlyList<NbdStatusExtent>> Extents { get; init; } =
        new Dictionary<uint, IReadOnlyList<NbdStatusExtent>>();
}

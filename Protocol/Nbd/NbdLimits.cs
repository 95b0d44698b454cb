namespace BlockEmu.Protocol.Nbd;

/// <summary>How much of each thing we take from a peer; nothing here is learned from the peer.</summary>
public static class NbdLimits
{
    /// <summary>The port of NBD.</summary>
    public const int DefaultPort = 10809;

    /// <summary>The longest string of the protocol: names, descriptions, error texts.</summary>
    public const int MaxStringBytes = 4096;

    /// <summary>The largest option a client can mean: GO with the longest name and 65,535 information types.</summary>
    public const int MaxOptionDataBytes = 4 + MaxStringBytes + 2 + (2 * ushort.MaxValue);

    /// <summary>Queries in one LIST_META_CONTEXT or SET_META_CONTEXT; more are ERR_TOO_BIG.</summary>
    public const int MaxMetaContextQueries = 1024;

    /// <summary>Options up to this are read over and answered with an error; a longer one ends the connection unread.</summary>
    public const int MaxDrainedOptionBytes = 1 << 20;

    /// <summary>The largest payload that is ever served.</summary>
    public const int MaxPayloadBytes = 64 << 20;

    /// <summary>A WRITE payload up to this is read over and answered with EINVAL; a longer one ends the connection.</summary>
    public const int MaxDrainedPayloadBytes = 128 << 20;

    /// <summary>What clients may send when no limit was told (2^25).</summary>
    public const int DefaultMaximumPayloadBytes = 32 << 20;
}

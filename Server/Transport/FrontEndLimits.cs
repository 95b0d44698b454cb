namespace BlockEmu.Server.Transport;

/// <summary>What one front end takes of the world at most.</summary>
public sealed record FrontEndLimits
{
    /// <summary>Connections at one time, over all listeners; more are reset at once.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Bytes of the buffers of all connections together, beyond 16 KiB for each direction of each connection. Half is
    /// for requests and half for replies, and of each half a quarter for what is no larger than 256 KiB.</summary>
    public long MaxBufferBytes { get; init; } = 1L << 30;

    /// <summary>How long a client that holds a buffer may take to send or receive a sixteenth of it (a reply: at least 1 MiB,
    /// or all of it) while others wait for memory; its connection is reset then.</summary>
    public TimeSpan StallPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may take for each step until it has chosen its disk: NBD's options one by one, all of
    /// NVMe/TCP's steps together.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long all steps together may take. When connections are short, slow ones make room long before.</summary>
    public TimeSpan HandshakeBound { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a connection keeps its thread and buffers without anything to do.</summary>
    public TimeSpan IdlePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a power cut waits for sends that are under way, over all connections of the disk; a connection
    /// whose client has not read by then is reset.</summary>
    public TimeSpan SilenceGrace { get; init; } = TimeSpan.FromMilliseconds(250);
}

namespace BlockEmu.Server.Nbd;

/// <summary>What one front end takes of the world at most.</summary>
public sealed record NbdFrontEndLimits
{
    /// <summary>Connections at one time, over all listeners; more are reset at once.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>From the greeting to the choice of an export.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection keeps its thread and buffers without anything to do.</summary>
    public TimeSpan IdlePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a power cut waits for sends that are under way, over all connections of the disk; a connection
    /// whose client has not read by then is reset.</summary>
    public TimeSpan SilenceGrace { get; init; } = TimeSpan.FromMilliseconds(250);
}

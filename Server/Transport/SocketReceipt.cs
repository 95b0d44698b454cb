namespace BlockEmu.Server.Transport;

/// <summary>What a receive came to.</summary>
internal enum SocketReceipt
{
    Data,

    /// <summary>Nothing for as long as was set.</summary>
    Idle,

    /// <summary>The client closed, or the connection is lost.</summary>
    End,
}

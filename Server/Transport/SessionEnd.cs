namespace BlockEmu.Server.Transport;

/// <summary>How a connection's work came to its end, and so what happens to its socket.</summary>
internal enum SessionEnd
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>Close in order: goodbye, end of stream, a broken protocol, the server stops.</summary>
    Close,

    /// <summary>Drop at once: the disk's power is off and this is its answer.</summary>
    Reset,

    /// <summary>Fall silent until the power returns, the client goes, or the server stops.</summary>
    Silence,
}

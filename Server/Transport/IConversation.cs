namespace BlockEmu.Server.Transport;

/// <summary>What is said on one connection, in one protocol. One thread at a time proceeds; the rest is for any thread.</summary>
internal interface IConversation : IDisposable
{
    /// <summary>The client as it is spoken to: through TLS once that has begun.</summary>
    ClientLink Link { get; }

    /// <summary>The hold on a disk, once there is one.</summary>
    DiskSession? Session { get; }

    /// <summary>Whether its client has not said yet what it wants.</summary>
    bool IsInHandshake { get; }

    /// <summary>Whether it waits, mute, for the power to return.</summary>
    bool IsSilent { get; }

    /// <summary>Whether it waits for its client, of which nothing has arrived.</summary>
    bool IsIdle { get; }

    /// <summary>Whether it has something to say that its client did not just ask for.</summary>
    bool HasNews { get; }

    /// <summary>Whether the server stops.</summary>
    bool IsStopping { get; set; }

    /// <summary>Once, before the first <see cref="Proceed"/>.</summary>
    void Start();

    /// <summary>Goes on until there is nothing to do (None), or for good.</summary>
    SessionEnd Proceed();

    /// <summary>The connection was reset: nothing is worth waiting for.</summary>
    void Abort();

    /// <summary>Waits until no send that began before is under way; false when that takes longer.</summary>
    bool TryPassGate(TimeSpan patience);
}

namespace BlockEmu.Server.Nvme;

/// <summary>What becomes of a queue's connection.</summary>
internal enum NvmeQueueStop
{
    /// <summary>The controller has let the queue go: what was decided is sent, then the connection ends.</summary>
    Close,

    /// <summary>The connection is reset; nothing that is not sent yet is sent.</summary>
    Reset,

    /// <summary>Nothing is read or answered any more; the connection stays open.</summary>
    Mute,

    /// <summary>The connection stays; commands in flight and later ones that need the disk end with
    /// <see cref="Protocol.Nvme.NvmeStatus.InternalPathError"/> and DNR.</summary>
    Fail,
}

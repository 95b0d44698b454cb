using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>What a controller is to its host: a disk's, or the discovery of all of them. One for each controller; calls come one at
/// a time, from the admin queue's connection.</summary>
internal interface INvmeRole
{
    /// <summary>SUBNQN.</summary>
    string SubsystemNqn { get; }

    /// <summary>OAES: what can be reported.</summary>
    NvmeEventMask Events { get; }

    /// <summary>The only namespace; null of a discovery controller.</summary>
    NvmeNamespace? Namespace { get; }

    /// <summary>Fills an Identify data structure (4,096 bytes).</summary>
    NvmeStatus Identify(NvmeController controller, in NvmeCommand command, Span<byte> destination);

    /// <summary>A log page, whole; null with the status when there is none.</summary>
    byte[]? ReadLogPage(NvmeController controller, in NvmeGetLogPage get, uint namespaceId, out NvmeStatus status);

    /// <summary>The value of a feature that not every controller has; null = there is no such feature.</summary>
    uint? GetFeature(NvmeController controller, NvmeFeature feature, bool isDefault);

    /// <summary>Sets a feature that not every controller has.</summary>
    NvmeStatus SetFeature(NvmeController controller, NvmeFeature feature, uint value);

    /// <summary>A command of any queue failed, for good or not.</summary>
    void CountError(NvmeStatus status);

    /// <summary>What was cached goes to media, for a shutdown.</summary>
    bool TryFlush(NvmeController controller);
}

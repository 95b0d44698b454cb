namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>How a client connects.</summary>
public sealed record NvmeTcpClientOptions
{
    /// <summary>SUBNQN: the subsystem.</summary>
    public required string SubsystemNqn { get; init; }

    public string HostNqn { get; init; } = "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001";

    /// <summary>HOSTID, as the number its 16 bytes are.</summary>
    public UInt128 HostId { get; init; } = 1;

    /// <summary>I/O queues; 0 = the admin queue only.</summary>
    public int QueueCount { get; init; } = 1;

    /// <summary>Entries of each I/O queue.</summary>
    public int QueueEntries { get; init; } = 128;

    /// <summary>Entries of the admin queue.</summary>
    public int AdminEntries { get; init; } = 32;

    /// <summary>KATO, milliseconds; 0 = no Keep Alive. The client sends none by itself.</summary>
    public uint KeepAliveMs { get; init; }

    public NvmeTcpDigests Digests { get; init; }

    /// <summary>HPDA, 0's based dwords.</summary>
    public byte DataAlignment { get; init; }

    /// <summary>CATTR bit 2: reads may succeed without a response capsule.</summary>
    public bool DisablesFlowControl { get; init; }

    /// <summary>Data to the controller goes in H2CData even where it would fit into the capsule.</summary>
    public bool WaitsForReadyToTransfer { get; init; }

    /// <summary>The most data in one H2CData, beneath MAXH2CDATA.</summary>
    public int HostDataBytes { get; init; } = int.MaxValue;

    /// <summary>How long any one send or receive may take; <see langword="null"/> = for ever.</summary>
    public TimeSpan? Timeout { get; init; }
}

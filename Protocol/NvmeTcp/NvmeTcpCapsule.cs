namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>The headers of <c>CapsuleCmd</c> and <c>CapsuleResp</c>: 8 common bytes, then the queue entry.</summary>
/// <remarks>NVMe/TCP Transport 1.0, 3.6.2.6 and 3.6.2.7.</remarks>
public static class NvmeTcpCapsule
{
    /// <summary>Bytes of a submission queue entry.</summary>
    public const int CommandEntryBytes = 64;

    /// <summary>HLEN of a CapsuleCmd.</summary>
    public const int CommandHeaderBytes = NvmeTcpCommonHeader.SizeBytes + CommandEntryBytes;

    /// <summary>Bytes of a completion queue entry.</summary>
    public const int CompletionEntryBytes = 16;

    /// <summary>HLEN of a CapsuleResp.</summary>
    public const int ResponseHeaderBytes = NvmeTcpCommonHeader.SizeBytes + CompletionEntryBytes;

    /// <summary>In-capsule data that the admin queue, and every Fabrics command, may carry.</summary>
    public const int AdminDataBytes = 8192;
}

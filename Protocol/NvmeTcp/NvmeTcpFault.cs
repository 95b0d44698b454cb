namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>Why a connection must end: what a TermReq says.</summary>
/// <param name="Status">FES; None = nothing is wrong.</param>
/// <param name="Information">FEI: a byte offset or a digest, as the status says; else 0.</param>
public readonly record struct NvmeTcpFault(NvmeTcpFatalStatus Status, uint Information = 0)
{
    public static NvmeTcpFault None => default;

    public bool IsNone => Status == NvmeTcpFatalStatus.None;

    /// <summary>01h, a header field at this byte offset.</summary>
    public static NvmeTcpFault Field(uint offsetBytes) => new(NvmeTcpFatalStatus.InvalidHeaderField, offsetBytes);

    /// <summary>02h, a PDU that may not come now.</summary>
    public static NvmeTcpFault Sequence => new(NvmeTcpFatalStatus.SequenceError);
}

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>The other side ended the connection, or said what it must not.</summary>
public sealed class NvmeTcpProtocolException(string message, NvmeTcpFault fault = default) : IOException(message)
{
    /// <summary>What its TermReq says; None when there was none.</summary>
    public NvmeTcpFault Fault { get; } = fault;
}

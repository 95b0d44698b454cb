using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The label <c>kind</c> of the NVMe/TCP front end's protocol errors.</summary>
internal static class NvmeTcpErrorKinds
{
    public const string DataDigest = "data_digest";
    public const string HostTerminated = "host_terminated";
    public const string RefusedConnect = "refused_connect";

    /// <summary>By what a C2HTermReq says.</summary>
    public static string Of(NvmeTcpFatalStatus status) => status switch
    {
        NvmeTcpFatalStatus.InvalidHeaderField => "invalid_header_field",
        NvmeTcpFatalStatus.SequenceError => "sequence_error",
        NvmeTcpFatalStatus.HeaderDigestError => "header_digest",
        NvmeTcpFatalStatus.DataOutOfRange => "data_out_of_range",
        NvmeTcpFatalStatus.LimitExceeded => "limit_exceeded",
        _ => "unsupported_parameter",
    };
}

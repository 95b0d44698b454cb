using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Cases;

/// <summary>What a kind of case means.</summary>
internal static class CaseKinds
{
    /// <summary>Those that a client says to a server.</summary>
    public static ReadOnlySpan<CaseKind> ToServer => [CaseKind.Server, CaseKind.ServerSelective, CaseKind.ServerRequired];

    /// <summary>Those that an NVMe/TCP host says to a controller.</summary>
    public static ReadOnlySpan<CaseKind> ToController => [CaseKind.NvmeConnection, CaseKind.NvmeAdmin, CaseKind.NvmeIo];

    /// <summary>Who is spoken to.</summary>
    public static CaseSide Side(this CaseKind kind) => ToServer.Contains(kind) ? CaseSide.NbdServer
        : ToController.Contains(kind) ? CaseSide.NvmeController
        : kind == CaseKind.NvmeHost ? CaseSide.NvmeHost
        : CaseSide.NbdClient;

    /// <summary>Whether a server is spoken to, in whatever protocol.</summary>
    public static bool IsToServer(this CaseKind kind) => kind.Side() is CaseSide.NbdServer or CaseSide.NvmeController;

    /// <summary>What the server makes of TLS.</summary>
    public static NbdTlsMode TlsMode(this CaseKind kind) => kind switch
    {
        CaseKind.ServerSelective => NbdTlsMode.Selective,
        CaseKind.ServerRequired => NbdTlsMode.Required,
        _ => NbdTlsMode.Off,
    };
}

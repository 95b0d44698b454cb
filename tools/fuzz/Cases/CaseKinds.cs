using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Cases;

/// <summary>What a kind of case means.</summary>
internal static class CaseKinds
{
    /// <summary>Those that a client says to a server.</summary>
    public static ReadOnlySpan<CaseKind> ToServer => [CaseKind.Server, CaseKind.ServerSelective, CaseKind.ServerRequired];

    public static bool IsToServer(this CaseKind kind) => ToServer.Contains(kind);

    /// <summary>What the server makes of TLS.</summary>
    public static NbdTlsMode TlsMode(this CaseKind kind) => kind switch
    {
        CaseKind.ServerSelective => NbdTlsMode.Selective,
        CaseKind.ServerRequired => NbdTlsMode.Required,
        _ => NbdTlsMode.Off,
    };
}

using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>The label <c>kind</c> of the NBD front end's protocol errors.</summary>
internal static class NbdProtocolErrorKinds
{
    public const string BadRequestMagic = "bad_request_magic";
    public const string PayloadTooLong = "payload_too_long";
    public const string InvalidRequest = "invalid_request";
    public const string TlsHandshakeFailed = "tls_handshake_failed";

    /// <summary>Null for a drop that is no error of the client's.</summary>
    public static string? Of(NbdDropReason reason) => reason switch
    {
        NbdDropReason.UnknownClientFlags => "unknown_client_flags",
        NbdDropReason.BadOptionMagic => "bad_option_magic",
        NbdDropReason.OptionTooLong => "option_too_long",
        NbdDropReason.BadExportName => "bad_export_name",
        NbdDropReason.ExportNameForbidden => "export_name_forbidden",
        NbdDropReason.UnknownExport => "unknown_export",
        NbdDropReason.TlsRequired => "tls_required",
        _ => null,
    };
}

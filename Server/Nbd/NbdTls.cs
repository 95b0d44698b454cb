using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>How the front end does TLS: when, with which certificate, and who may come.</summary>
/// <param name="Mode">When.</param>
/// <param name="Certificate">The server's own, with what stands between it and its root.</param>
/// <param name="ClientRoots">Clients must show a certificate that leads to one of these; null: clients need none.</param>
public sealed record NbdTls(NbdTlsMode Mode, SslStreamCertificateContext Certificate, X509Certificate2Collection? ClientRoots = null)
{
    /// <summary>What one handshake goes by: TLS 1.2 and 1.3 and nothing else, no renegotiation, nothing fetched from
    /// anywhere because a client's certificate says so.</summary>
    internal SslServerAuthenticationOptions CreateAuthentication() => new()
    {
        ServerCertificateContext = Certificate,
#pragma warning disable CA5398 // Older ones must stay off whatever the machine allows.
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        AllowRenegotiation = false,
        EncryptionPolicy = EncryptionPolicy.RequireEncryption,
        ClientCertificateRequired = ClientRoots is not null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = ClientRoots is null ? null : CreateClientPolicy(ClientRoots),

        // A session that is resumed would not show its client's certificate again.
        AllowTlsResume = ClientRoots is null,
    };

    // A policy is changed by the check that it serves, so each handshake has its own.
    private static X509ChainPolicy CreateClientPolicy(X509Certificate2Collection roots)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }
}

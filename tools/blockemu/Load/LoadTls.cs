using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlockEmu.Cli.Load;

/// <summary>Whom to trust and what to show, by the file names that libnbd, nbdkit and QEMU use.</summary>
internal static class LoadTls
{
    /// <summary>Throws <see cref="CliException"/> when a file can't be used.</summary>
    public static SslClientAuthenticationOptions OptionsFor(NbdUri uri)
    {
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = uri.Host.Length > 0 ? uri.Host : "localhost",
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (!uri.VerifiesPeer)
        {
#pragma warning disable CA5359 // The URI asks for it by name: tls-verify-peer=false.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return uri.CertificatesFolder is { } folder ? WithFiles(options, folder) : options;
    }

    private static SslClientAuthenticationOptions WithFiles(SslClientAuthenticationOptions options, string folder)
    {
        string authority = Path.Combine(folder, "ca-cert.pem");
        string certificate = Path.Combine(folder, "client-cert.pem");
        try
        {
            X509ChainPolicy policy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(authority);
            options.CertificateChainPolicy = policy;
            if (File.Exists(certificate))
            {
#pragma warning disable CA2000 // The options keep it, and live as long as the program.
                X509Certificate2 own = X509Certificate2.CreateFromPemFile(certificate, Path.Combine(folder, "client-key.pem"));
#pragma warning restore CA2000
                options.ClientCertificates = [own];
            }

            return options;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CliException(ExitCodes.Usage, $"tls-certificates={folder}: {e.Message}", e);
        }
    }
}

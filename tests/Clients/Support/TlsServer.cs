using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nbd;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>A server with TLS and the disk "secret", which is for nobody else, and what clients need to come in.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    public const string SecretName = "secret";
    public const long SecretBytes = 2 << 20;

    private readonly TempFolder _folder;
    private readonly TestAuthority _authority;
    private readonly X509Certificate2 _certificate;

    private TlsServer(TempFolder folder, TestAuthority authority, X509Certificate2 certificate, LiveServer live)
    {
        _folder = folder;
        _authority = authority;
        _certificate = certificate;
        Live = live;
    }

    public LiveServer Live { get; }

    /// <summary>A folder as GnuTLS' users name it: the authority, and a client's certificate and key.</summary>
    public string Certificates => _folder.Path;

    public static async Task<TlsServer> StartAsync(
        NbdTlsMode mode = NbdTlsMode.Required, bool wantsClientCertificates = false)
    {
        TempFolder folder = new();
        TestAuthority authority = new();
        authority.WriteTo(folder.Path);
        X509Certificate2 certificate = authority.Issue(TestAuthority.ServerUsage);
        NbdTls tls = new(
            mode, SslStreamCertificateContext.Create(certificate, null, offline: true), wantsClientCertificates ? [authority.Root] : null);
        DiskSpec secret = new()
        {
            Options = new DiskOptions { Name = SecretName, SizeBytes = SecretBytes, Seed = 7 },
            IsTlsOnly = true,
        };
        return new TlsServer(folder, authority, certificate, await LiveServer.StartAsync(tls: tls, more: secret));
    }

    /// <summary>An export's URI with TLS, as libnbd takes it.</summary>
    /// <param name="transport">How the client comes.</param>
    /// <param name="export">The export.</param>
    /// <param name="certificates">Another folder than <see cref="Certificates"/>.</param>
    public string Uri(Transport transport, string export = LiveServer.DiskName, string? certificates = null)
    {
        string plain = Live.Uri(transport, export);
        char separator = transport == Transport.Tcp ? '?' : '&';
        return $"nbds{plain[3..]}{separator}tls-certificates={certificates ?? Certificates}";
    }

    /// <summary>The folder of a client that has no certificate of its own.</summary>
    public string WriteFolderWithoutClient()
    {
        string folder = _folder.File("nameless");
        Directory.CreateDirectory(folder);
        File.Copy(_folder.File("ca-cert.pem"), Path.Combine(folder, "ca-cert.pem"));
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        await Live.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }
}

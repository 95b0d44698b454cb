using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Transport;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A live front end with TLS, with the disk "secret" for nobody else, and clients of it.</summary>
internal sealed class TlsBench : IAsyncDisposable
{
    public const string SecretName = "secret";

    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _certificate;

    public TlsBench(
        NbdTlsMode mode = NbdTlsMode.Required, bool wantsClientCertificates = false, TimeProvider? time = null,
        FrontEndLimits? limits = null)
    {
        _certificate = _authority.Issue(TestAuthority.ServerUsage);
        X509Certificate2Collection? roots = wantsClientCertificates ? [_authority.Root] : null;
        Nbd = new NbdBench(
            limits, time, tls: new NbdTls(mode, SslStreamCertificateContext.Create(_certificate, null, offline: true), roots));
    }

    public NbdBench Nbd { get; }

    /// <summary>The authority that signed the server's certificate, and that clients' must lead to.</summary>
    public TestAuthority Authority => _authority;

    /// <summary>What a client of ours expects and shows.</summary>
    public SslClientAuthenticationOptions Authentication(
        SslProtocols protocols = SslProtocols.None, X509Certificate2? shown = null) => new()
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            ClientCertificates = shown is null ? null : [shown],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { _authority.Root },
            },
        };

    /// <summary>Connected, greeted and secured; nothing chosen.</summary>
    public NbdClient Connect(bool unix = false, SslProtocols protocols = SslProtocols.None, X509Certificate2? shown = null)
    {
        NbdClient client = Nbd.Connect(unix);
        client.StartTls(Authentication(protocols, shown));
        return client;
    }

    /// <summary>A client with the export chosen.</summary>
    public NbdClient Open(string name = "", bool unix = false, SslProtocols protocols = SslProtocols.None)
    {
        NbdClient client = Connect(unix, protocols);
        client.Go(name);
        return client;
    }

    /// <summary>As <see cref="Open"/>, and every byte that the server sends is seen as it comes over the wire.</summary>
    public (NbdClient Client, WireTap Wire) OpenTapped(SslProtocols protocols, string? name = "")
    {
        WireTap tap = new(Nbd.OpenStream());
        NbdClient client = new(tap);
        client.StartTls(Authentication(protocols));
        if (name is not null)
        {
            client.Go(name);
        }

        return (client, tap);
    }

    /// <summary>The counted kinds of protocol errors.</summary>
    public IEnumerable<(string Kind, long Count)> Errors => Nbd.ProtocolErrors.Read().Select(e => (e.Label.Kind, e.Count));

    public async ValueTask DisposeAsync()
    {
        await Nbd.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlockEmu.Tests.Shared;

/// <summary>A certificate authority of a test's own: it issues what a server on this machine and its clients need.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan s_margin = TimeSpan.FromHours(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private long _lastSerial;

    public TestAuthority(string name = "BlockEmu test authority")
    {
        CertificateRequest request = new($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        Root = request.CreateSelfSigned(Now - (2 * s_margin), Now + (2 * s_margin));
    }

    public X509Certificate2 Root { get; }

    public string RootPem => Root.ExportCertificatePem();

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A certificate with its key, for <c>localhost</c> and 127.0.0.1.</summary>
    /// <param name="usage">What it is good for: <see cref="ServerUsage"/> or <see cref="ClientUsage"/>.</param>
    /// <param name="isExpired">Whether its time is over.</param>
    public X509Certificate2 Issue(string usage, bool isExpired = false)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        byte[] serial = BitConverter.GetBytes(++_lastSerial);
        DateTimeOffset until = isExpired ? Now - (s_margin / 2) : Now + s_margin;
        using X509Certificate2 bare = request.Create(Root, Now - s_margin, until, serial);
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Writes what clients look for in a folder: <c>ca-cert.pem</c>, and <c>server-</c> and <c>client-</c> each with
    /// <c>cert.pem</c> and <c>key.pem</c>.</summary>
    public void WriteTo(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "ca-cert.pem"), RootPem + "\n");
        foreach ((string name, string usage) in (ReadOnlySpan<(string, string)>)[("server", ServerUsage), ("client", ClientUsage)])
        {
            using X509Certificate2 issued = Issue(usage);
            File.WriteAllText(Path.Combine(folder, $"{name}-cert.pem"), issued.ExportCertificatePem() + "\n");
            File.WriteAllText(Path.Combine(folder, $"{name}-key.pem"), KeyPem(issued) + "\n");
        }
    }

    public static string KeyPem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    public void Dispose()
    {
        Root.Dispose();
        _key.Dispose();
    }
}

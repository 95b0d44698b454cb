using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Nbd;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>What was asked for about TLS, as written. Null = not given.</summary>
internal sealed class TlsDraft
{
    public string? Mode { get; set; }

    public string? CertificatePath { get; set; }

    public string? KeyPath { get; set; }

    public string? ClientRootsPath { get; set; }

    /// <summary>Takes what is not given here from the configuration file; a key belongs to the certificate beside it.</summary>
    public void FillFrom(TlsDraft config)
    {
        Mode ??= config.Mode;
        ClientRootsPath ??= config.ClientRootsPath;
        if (CertificatePath is null)
        {
            CertificatePath = config.CertificatePath;
            KeyPath ??= config.KeyPath;
        }
    }

    /// <summary>Null: TLS is off, or there are faults, each one line that names the option.</summary>
    public NbdTls? Build(List<string> faults)
    {
        if (Mode is not (null or "off" or "selective" or "required"))
        {
            faults.Add($"--tls: '{Mode}' is not off, selective or required");
            return null;
        }

        if (Mode == "off")
        {
            return null;
        }

        if (CertificatePath is null)
        {
            AddLonely(faults);
            return null;
        }

        X509Certificate2Collection? roots = ClientRootsPath is null ? null : TlsFiles.ReadClientRoots(ClientRootsPath, faults);
        SslStreamCertificateContext? certificate = TlsFiles.ReadCertificate(CertificatePath, KeyPath, faults);
        return certificate is null || (roots is null && ClientRootsPath is not null)
            ? null
            : new NbdTls(Mode == "selective" ? NbdTlsMode.Selective : NbdTlsMode.Required, certificate, roots);
    }

    /// <summary>What makes no sense without a certificate.</summary>
    private void AddLonely(List<string> faults)
    {
        (string Option, string? Value)[] given = [($"--tls: {Mode}", Mode), ("--tls-key:", KeyPath), ("--tls-ca:", ClientRootsPath)];
        faults.AddRange(given.Where(g => g.Value is not null).Select(g => $"{g.Option} needs a certificate; give --tls-cert FILE"));
    }
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Reads PEM files; every fault is one line that names the option and the file.</summary>
internal static class TlsFiles
{
    private const string CertificateOption = "--tls-cert";
    private const string KeyOption = "--tls-key";
    private const string ClientRootsOption = "--tls-ca";
    private const string CertificateLabel = "CERTIFICATE";
    private const string KeyLabelEnd = "PRIVATE KEY";
    private const int MaxFileBytes = 1 << 20;

    /// <summary>The first certificate of a file with its key, and the others as what stands between it and its root.</summary>
    /// <param name="path">The certificates, the server's own first.</param>
    /// <param name="keyPath">The key; null: it is in the certificates' file.</param>
    /// <param name="faults">What is wrong.</param>
    public static SslStreamCertificateContext? ReadCertificate(string path, string? keyPath, List<string> faults)
    {
        string? text = Read(CertificateOption, path, CertificateLabel, faults);
        string? key = keyPath is null ? text : Read(KeyOption, keyPath, KeyLabelEnd, faults);
        if (text is null || key is null)
        {
            return null;
        }

        string place = keyPath is null ? $"{CertificateOption}: {path}" : $"{KeyOption}: {keyPath}";
        if (!Labels(key).Any(static l => l.EndsWith(KeyLabelEnd, StringComparison.Ordinal)))
        {
            faults.Add($"{CertificateOption}: {path} holds no private key; put it there, or give {KeyOption} FILE");
            return null;
        }

        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            faults.Add($"{place}: the key is encrypted, and nobody is asked for its password here; give it in the clear");
            return null;
        }

        try
        {
            X509Certificate2Collection others = [];
            others.ImportFromPem(text);
            others.RemoveAt(0);
#pragma warning disable CA2000 // The server's for as long as it lives.
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(text, key), others, offline: true);
#pragma warning restore CA2000
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            faults.Add($"{place}: not the key of the first certificate of {path}: {e.Message.ReplaceLineEndings(" ")}");
            return null;
        }
    }

    /// <summary>Those that clients' certificates must lead to.</summary>
    public static X509Certificate2Collection? ReadClientRoots(string path, List<string> faults)
    {
        if (Read(ClientRootsOption, path, CertificateLabel, faults) is not { } text)
        {
            return null;
        }

        try
        {
            X509Certificate2Collection roots = [];
            roots.ImportFromPem(text);
            return roots;
        }
        catch (CryptographicException e)
        {
            faults.Add($"{ClientRootsOption}: cannot read the certificates of '{path}': {e.Message.ReplaceLineEndings(" ")}");
            return null;
        }
    }

    /// <summary>The text of a file that holds something of the kind.</summary>
    private static string? Read(string option, string path, string labelEnd, List<string> faults)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            byte[] bytes = new byte[MaxFileBytes + 1];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            string text = Encoding.UTF8.GetString(bytes, 0, length);
            if (length <= MaxFileBytes && Labels(text).Any(l => l.EndsWith(labelEnd, StringComparison.Ordinal)))
            {
                return text;
            }

            faults.Add($"{option}: {path} holds no PEM with a {labelEnd}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{option}: cannot read '{path}': {e.Message.ReplaceLineEndings(" ")}");
        }

        return null;
    }

    private static IEnumerable<string> Labels(string text)
    {
        while (PemEncoding.TryFind(text, out PemFields fields))
        {
            yield return text[fields.Label];
            text = text[fields.Location.End..];
        }
    }
}

using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>An export's address, as the NBD project writes it (doc/uri.md): <c>nbd://HOST[:PORT]/EXPORT</c>,
/// <c>nbd+unix:///EXPORT?socket=PATH</c>; <c>nbds</c> for TLS, with libnbd's <c>tls-certificates=FOLDER</c> and
/// <c>tls-verify-peer=false</c>.</summary>
internal sealed record NbdUri
{
    public const string Default = "nbd://127.0.0.1:10809";
    public const int DefaultPort = 10809;

    private NbdUri(string text) => Text = text;

    /// <summary>As it was given.</summary>
    public string Text { get; }

    public string Export { get; private init; } = "";

    /// <summary>The Unix socket; <see langword="null"/> with TCP.</summary>
    public string? SocketPath { get; private init; }

    public string Host { get; private init; } = "";

    public int Port { get; private init; } = DefaultPort;

    public bool IsTls { get; private init; }

    /// <summary>The folder with <c>ca-cert.pem</c>, <c>client-cert.pem</c> and <c>client-key.pem</c>, each if it is there.</summary>
    public string? CertificatesFolder { get; private init; }

    public bool VerifiesPeer { get; private init; } = true;

    /// <summary>Throws <see cref="CliException"/> that names the URI and says what would be right.</summary>
    public static NbdUri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("nbd" or "nbds" or "nbd+unix" or "nbds+unix"))
        {
            throw Wrong(text, "is no NBD URI such as nbd://127.0.0.1:10809/disk0 or nbd+unix:///disk0?socket=/run/blockemu.sock");
        }

        NbdUri result = new(text)
        {
            Export = Uri.UnescapeDataString(uri.AbsolutePath.StartsWith('/') ? uri.AbsolutePath[1..] : uri.AbsolutePath),
            Host = uri.Host.Trim('[', ']'),
            Port = uri.Port < 0 ? DefaultPort : uri.Port,
            IsTls = uri.Scheme.StartsWith("nbds", StringComparison.Ordinal),
        };
        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string value = parts.Length < 2 ? "" : Uri.UnescapeDataString(parts[1]);
            result = parts[0] switch
            {
                "socket" => result with { SocketPath = value },
                "tls-certificates" => result with { CertificatesFolder = value },
                "tls-verify-peer" => result with { VerifiesPeer = value is not ("false" or "0" or "no") },
                _ => throw Wrong(text, $"has '{parts[0]}', which is none of socket, tls-certificates, tls-verify-peer"),
            };
        }

        bool isUnix = uri.Scheme.EndsWith("+unix", StringComparison.Ordinal);
        if (isUnix != (result.SocketPath is { Length: > 0 }))
        {
            throw Wrong(text, isUnix ? "names no ?socket=PATH" : "has a socket, which is for nbd+unix");
        }

        return isUnix || result.Host.Length > 0 ? result : throw Wrong(text, "names no host");
    }

    /// <summary>A connection on which the greeting was read and TLS, if any, has begun.</summary>
    public NbdClient Connect(TimeSpan timeout)
    {
        NbdClient client = NbdClient.Connect(FindEndPoint(), timeout);
        try
        {
            if (IsTls)
            {
                client.StartTls(LoadTls.OptionsFor(this));
            }

            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public override string ToString() => Text;

    private EndPoint FindEndPoint()
    {
        try
        {
            return SocketPath is not null
                ? new UnixDomainSocketEndPoint(SocketPath)
                : new IPEndPoint(
                    IPAddress.TryParse(Host, out IPAddress? address) ? address : Dns.GetHostAddresses(Host)[0], Port);
        }
        catch (ArgumentException e)
        {
            throw Wrong(Text, $"names a socket that can't be: {e.Message}");
        }
    }

    private static CliException Wrong(string text, string what) => new(ExitCodes.Usage, $"'{text}' {what}");
}

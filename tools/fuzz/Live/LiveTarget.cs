using System.Net;
using System.Net.Sockets;

namespace BlockEmu.Fuzz.Live;

/// <summary>Where a live server listens; on this machine only.</summary>
public sealed record LiveTarget(EndPoint EndPoint, string GoodExport)
{
    /// <summary>Whether STARTTLS is taken there.</summary>
    public bool HasTls { get; init; }

    /// <summary>Where it speaks NVMe/TCP; null: nowhere.</summary>
    public EndPoint? NvmeEndPoint { get; init; }

    /// <summary>Reads <c>nbd://127.0.0.1:PORT/EXPORT</c> or <c>nbd+unix:///EXPORT?socket=PATH</c>.</summary>
    /// <exception cref="FormatException">It is no such thing, or not on loopback.</exception>
    public static LiveTarget Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri))
        {
            throw new FormatException($"'{text}' is no URI");
        }

        string export = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/'));
        const string socket = "?socket=";
        if (uri.Scheme == "nbd+unix" && uri.Query.StartsWith(socket, StringComparison.Ordinal))
        {
            return new LiveTarget(new UnixDomainSocketEndPoint(Uri.UnescapeDataString(uri.Query[socket.Length..])), export);
        }

        string host = uri.Host == "localhost" ? "127.0.0.1" : uri.Host.Trim('[', ']');
        return uri.Scheme == "nbd" && IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address)
            ? new LiveTarget(new IPEndPoint(address, uri.Port > 0 ? uri.Port : 10809), export)
            : throw new FormatException($"'{text}' is no nbd: or nbd+unix: URI of a server on loopback");
    }

    public Socket Open(TimeSpan timeout)
    {
        bool isUnix = EndPoint.AddressFamily == AddressFamily.Unix;
        Socket socket = new(EndPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        socket.SendTimeout = socket.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            socket.Connect(EndPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

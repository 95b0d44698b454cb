using System.Net;
using System.Net.Sockets;

namespace BlockEmu.Server.Hosting;

/// <summary>Where a front end listens: <c>127.0.0.1:10809</c>, <c>[::1]:10809</c>, <c>unix:PATH</c>. Port 0 = any free one.</summary>
public sealed record ListenEndpoint
{
    private ListenEndpoint(EndPoint endPoint, string text)
    {
        EndPoint = endPoint;
        Text = text;
    }

    public EndPoint EndPoint { get; }

    public string Text { get; }

    public string? UnixPath => Text.StartsWith("unix:", StringComparison.Ordinal) ? Text[5..] : null;

    public bool IsLoopback => EndPoint is not IPEndPoint ip || IPAddress.IsLoopback(ip.Address);

    /// <summary>The endpoint of a socket that is bound.</summary>
    public static ListenEndpoint OfBound(EndPoint bound) =>
        new(bound, bound is UnixDomainSocketEndPoint ? $"unix:{bound}" : $"{bound}");

    public static bool TryParse(string text, out ListenEndpoint? endpoint)
    {
        endpoint = null;
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            // sun_path holds 108 bytes with its terminating zero.
            int pathBytes = System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(5));
            if (pathBytes is > 0 and < 108)
            {
                endpoint = new ListenEndpoint(new UnixDomainSocketEndPoint(text[5..]), text);
            }
        }
        else if (IPEndPoint.TryParse(text, out IPEndPoint? ip) && HasPort(text))
        {
            endpoint = new ListenEndpoint(ip, text);
        }

        return endpoint is not null;
    }

    private static bool HasPort(string text) => text.StartsWith('[')
        ? text.Contains("]:", StringComparison.Ordinal)
        : text.Count(c => c == ':') == 1;

    public override string ToString() => Text;
}

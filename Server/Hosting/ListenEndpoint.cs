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

    /// <summary>NVMe: the address that discovery names in place of the one that a host has reached; null = that one.</summary>
    public IPEndPoint? Advertised { get; init; }

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

    /// <summary>An endpoint that may end with <c>,advertise=ADDRESS:PORT</c>.</summary>
    public static bool TryParseAdvertised(string text, out ListenEndpoint? endpoint, out string? fault)
    {
        const string Key = "advertise=";
        fault = null;
        int comma = text.StartsWith("unix:", StringComparison.Ordinal) ? -1 : text.IndexOf(',');
        if (!TryParse(comma < 0 ? text : text[..comma], out endpoint) || comma < 0)
        {
            return endpoint is not null;
        }

        string option = text[(comma + 1)..];
        if (!option.StartsWith(Key, StringComparison.Ordinal))
        {
            fault = $"'{option}' is not advertise=ADDRESS:PORT, the address by which hosts reach {endpoint}";
        }
        else if (!TryParse(option[Key.Length..], out ListenEndpoint? told) || told!.EndPoint is not IPEndPoint { Port: > 0 } ip
            || ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any))
        {
            fault = $"advertise: '{option[Key.Length..]}' is not an IP address and a port that hosts can connect to, such as 192.0.2.1:4420";
        }
        else
        {
            endpoint = endpoint! with { Advertised = ip };
        }

        return fault is null;
    }

    private static bool HasPort(string text) => text.StartsWith('[')
        ? text.Contains("]:", StringComparison.Ordinal)
        : text.Count(c => c == ':') == 1;

    public override string ToString() => Text;
}

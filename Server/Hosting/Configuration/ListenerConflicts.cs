using System.Net;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Listeners that cannot stand beside one another; the host would say only that an address is in use.</summary>
internal static class ListenerConflicts
{
    /// <summary>A line for each pair.</summary>
    public static IEnumerable<string> Find(IReadOnlyList<(string Option, ListenEndpoint Endpoint)> listeners)
    {
        for (int i = 0; i < listeners.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (Describe(listeners[j].Endpoint, listeners[i].Endpoint) is { } why)
                {
                    yield return $"{listeners[i].Option}: {listeners[i].Endpoint} cannot stand beside {listeners[j].Option} {listeners[j].Endpoint}: {why}";
                }
            }
        }
    }

    private static string? Describe(ListenEndpoint first, ListenEndpoint second)
    {
        if (first.UnixPath is { } path)
        {
            return second.UnixPath is { } other && Path.GetFullPath(path) == Path.GetFullPath(other) ? "they are the same socket" : null;
        }

        if (first.EndPoint is not IPEndPoint a || second.EndPoint is not IPEndPoint b || a.Port != b.Port || a.Port == 0)
        {
            return null;
        }

        return a.Equals(b) ? "they are the same address"
            : IsAny(a.Address, IPAddress.IPv6Any) || IsAny(b.Address, IPAddress.IPv6Any) ? "[::] listens on every address, IPv4's too"
            : a.AddressFamily == b.AddressFamily && (IsAny(a.Address, IPAddress.Any) || IsAny(b.Address, IPAddress.Any))
                ? "0.0.0.0 listens on every IPv4 address"
                : null;
    }

    private static bool IsAny(IPAddress address, IPAddress any) => address.Equals(any);
}

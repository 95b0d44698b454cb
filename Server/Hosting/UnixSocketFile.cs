using System.Net.Sockets;

namespace BlockEmu.Server.Hosting;

/// <summary>A Unix socket that a killed server left behind keeps the next one from listening.</summary>
internal static class UnixSocketFile
{
    /// <summary>Removes the socket when nobody listens on it; anything else stays, and binding says what is wrong.</summary>
    public static void RemoveIfStale(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Not ours to remove.
        }
    }

    /// <summary>A plain file refuses connections too. Opening a socket ends with ENXIO, and nothing else here does;
    /// for reading and writing, so that a pipe would not block.</summary>
    private static bool IsSocket(string path)
    {
        const int NoSuchDevice = 6;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return false;
        }
        catch (IOException e)
        {
            return e.HResult == NoSuchDevice;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}

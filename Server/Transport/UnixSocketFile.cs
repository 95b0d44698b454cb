using System.Net.Sockets;

namespace BlockEmu.Server.Transport;

/// <summary>The file of a Unix socket: taken over when nobody listens on it any more, removed at the end.</summary>
internal sealed class UnixSocketFile
{
    private readonly string _path;
    private ulong _inode;

    private UnixSocketFile(string path) => _path = path;

    /// <summary>Makes the path free to bind. Throws <see cref="SocketException"/> when something lies there that is in
    /// use or is no socket; it is left as it was.</summary>
    public static UnixSocketFile Claim(string path)
    {
        if (SocketCalls.TryStat(path, out bool isSocket, out _))
        {
            if (!isSocket)
            {
                throw InUse($"unix:{path}: address in use: there is a file that is no socket");
            }

            if (IsListenedOn(path))
            {
                throw InUse($"unix:{path}: address in use: another process listens on it");
            }

            File.Delete(path);
        }

        return new UnixSocketFile(path);
    }

    /// <summary>After the bind: this file is ours.</summary>
    public void Remember() => SocketCalls.TryStat(_path, out _, out _inode);

    /// <summary>Removes the file, unless another has taken its place.</summary>
    public void Remove()
    {
        if (SocketCalls.TryStat(_path, out _, out ulong inode) && inode == _inode)
        {
            File.Delete(_path);
        }
    }

    private static bool IsListenedOn(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            // Only a refusal proves that nobody listens.
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }

    private static SocketException InUse(string message) => new((int)SocketError.AddressAlreadyInUse, message);
}

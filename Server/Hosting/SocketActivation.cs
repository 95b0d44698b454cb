using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Hosting;

/// <summary>Listening sockets that whoever started us hands over: systemd's protocol, which libnbd speaks too.</summary>
/// <remarks><c>LISTEN_FDS</c> sockets stand from descriptor 3 on, if <c>LISTEN_PID</c> is this process.</remarks>
internal static partial class SocketActivation
{
    private const int FirstDescriptor = 3;
    private const int MaxSockets = 64;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;

    /// <summary>Takes them; none when none are meant for us. The variables are gone then: they are not for our children.
    /// Throws <see cref="StartupException"/> when one is no listening stream socket.</summary>
    public static IReadOnlyList<Socket> Take()
    {
        string? process = TakeVariable("LISTEN_PID");
        string? count = TakeVariable("LISTEN_FDS");
        TakeVariable("LISTEN_FDNAMES");
        return IsMine(process) && count is not null ? Take(Count(count)) : [];
    }

    private static bool IsMine(string? process) =>
        int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id == Environment.ProcessId;

    private static int Count(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= MaxSockets
            ? count
            : throw new StartupException($"LISTEN_FDS: '{text}' is not a number of 0 to {MaxSockets} sockets");

    private static List<Socket> Take(int count)
    {
        List<Socket> sockets = [];
        for (int descriptor = FirstDescriptor; descriptor < FirstDescriptor + count; descriptor++)
        {
            sockets.Add(TryAdopt(descriptor) ?? throw new StartupException(
                $"LISTEN_FDS: descriptor {descriptor} is not a listening stream socket (TCP or Unix)"));
        }

        return sockets;
    }

    private static Socket? TryAdopt(int descriptor)
    {
        if (Fcntl(descriptor, SetDescriptorFlags, CloseOnExec) < 0)
        {
            return null;
        }

#pragma warning disable CA2000 // Handed to the caller; what is none stays open as it was found, it may be anybody's.
        SafeSocketHandle handle = new(descriptor, ownsHandle: true);
        try
        {
            Socket socket = new(handle);
#pragma warning restore CA2000
            if (socket.SocketType == SocketType.Stream
                && socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 or AddressFamily.Unix
                && socket.LocalEndPoint is not null
                && Equals(socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection), 1))
            {
                return socket;
            }
        }
        catch (SocketException)
        {
            // No socket at all.
        }

        handle.SetHandleAsInvalid();
        return null;
    }

    private static string? TakeVariable(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value;
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(int descriptor, int command, int argument);
}

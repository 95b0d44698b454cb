using System.Net.Sockets;
using System.Runtime.InteropServices;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Transport;
using BlockEmu.Shell;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Hosting;

/// <summary>Standard input and output as a client's link.</summary>
/// <remarks>They are moved away: nothing that this process or a library prints can reach the wire, and closing the link
/// really closes it.</remarks>
internal static partial class StandardStreams
{
    private const int Input = 0;
    private const int Output = 1;
    private const int Error = 2;
    private const int FirstFreeAbove = 3;
    private const int DuplicateCloseOnExec = 1030;

    /// <summary>Takes both; standard output is standard error from here on. Call it before anything opens
    /// <see cref="Console.Out"/>.</summary>
    public static ClientLink Take()
    {
        foreach (int descriptor in (int[])[StandardDescriptor.Input, StandardDescriptor.Output])
        {
            if (!StandardDescriptor.IsOpen(descriptor))
            {
                throw Closed(descriptor);
            }
        }

        if (!Console.IsInputRedirected)
        {
            throw new StartupException("--stdio: standard input is a terminal; it must be a client's socket or pipe");
        }

        string? input = NameOf(Input);
        string? output = NameOf(Output);
#pragma warning disable CA2000 // All of them become the link's, which the caller owns.
        SafeFileHandle received = Duplicate(Input);
        SafeFileHandle sent = Duplicate(Output);
        using (SafeFileHandle nothing = File.OpenHandle("/dev/null"))
        {
            _ = Dup2((int)nothing.DangerousGetHandle(), Input);
            if (Dup2(Error, Output) < 0)
            {
                _ = Dup2((int)nothing.DangerousGetHandle(), Output);
            }
        }

        if (!IsSocket(input) || input != output)
        {
            return new ClientPipes(received, sent, IsSocket(output));
        }

        // One socket for both directions, as libnbd, inetd and most sshds pass it.
        sent.Dispose();
        SafeSocketHandle handle = new(received.DangerousGetHandle(), ownsHandle: true);
        received.SetHandleAsInvalid();
        return new ClientSocket(new Socket(handle) { Blocking = true });
#pragma warning restore CA2000
    }

    private static bool IsSocket(string? name) => name?.StartsWith("socket:", StringComparison.Ordinal) == true;

    /// <summary>The kernel's name of what a descriptor is: <c>socket:[inode]</c>, <c>pipe:[inode]</c>, a path.</summary>
    private static string? NameOf(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;

    private static SafeFileHandle Duplicate(int descriptor)
    {
        int copy = Fcntl(descriptor, DuplicateCloseOnExec, FirstFreeAbove);
        return copy >= 0
            ? new SafeFileHandle(copy, ownsHandle: true)
            : throw Closed(descriptor);
    }

    private static StartupException Closed(int descriptor) =>
        new($"--stdio: standard {(descriptor == Input ? "input" : "output")} is closed; it must be a client's socket or pipe");

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Dup2(int from, int to);
}

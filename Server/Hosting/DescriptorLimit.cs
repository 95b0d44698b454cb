using System.Runtime.InteropServices;

namespace BlockEmu.Server.Hosting;

/// <summary>How many descriptors this process may have open.</summary>
internal static partial class DescriptorLimit
{
    // Disks, listeners, HTTP, the runtime's own.
    private const int Reserve = 256;
    private const int OpenFiles = 7;

    /// <summary>How many connections can be promised. The runtime has raised the soft limit to the hard one at its
    /// start.</summary>
    public static int MaxConnections
    {
        get
        {
            Span<ulong> softAndHard = stackalloc ulong[2];
            return GetLimit(OpenFiles, ref MemoryMarshal.GetReference(softAndHard)) == 0 && softAndHard[0] < int.MaxValue
                ? Math.Max(1, (int)softAndHard[0] - Reserve)
                : int.MaxValue;
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ref ulong softAndHard);
}

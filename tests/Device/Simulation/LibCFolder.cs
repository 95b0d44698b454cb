using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Opens a folder, which .NET's own handles do not.</summary>
internal static partial class LibCFolder
{
    public static SafeFileHandle Open(string path) => Open(path, 0);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}

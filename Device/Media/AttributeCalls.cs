using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Extended attributes of an open file.</summary>
internal static partial class AttributeCalls
{
    [LibraryImport("libc", EntryPoint = "fgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Get(SafeFileHandle file, string name, byte[] value, nint length);

    [LibraryImport("libc", EntryPoint = "fsetxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(SafeFileHandle file, string name, byte[] value, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "fremovexattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Remove(SafeFileHandle file, string name);
}

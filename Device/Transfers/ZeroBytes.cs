using System.Runtime.InteropServices;

namespace BlockEmu.Device.Transfers;

/// <summary>Native zeroes that nobody writes to; they live as long as the process.</summary>
internal static unsafe class ZeroBytes
{
    public const int LengthBytes = 64 << 10;

    public static readonly nint Address = (nint)NativeMemory.AllocZeroed(LengthBytes);
}

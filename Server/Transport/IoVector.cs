using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary><c>struct iovec</c>: bytes that a call takes from, or puts to, one after the other's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct IoVector(nint address, nuint lengthBytes)
{
    /// <summary>How many one call takes (<c>IOV_MAX</c>).</summary>
    public const int MaxCount = 1024;

    public readonly nint Address = address;

    public readonly nuint LengthBytes = lengthBytes;

    /// <summary>What is left behind the first bytes.</summary>
    public IoVector From(nuint bytes) => new(Address + (nint)bytes, LengthBytes - bytes);
}

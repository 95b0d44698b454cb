using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    public int Handle;
    public short Events;
    public short ReturnedEvents;

    /// <summary>Whether something came of it, an error or a hang-up included.</summary>
    public readonly bool IsReady => ReturnedEvents != 0;
}

using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>Work on one connection that may rest without a thread until its client does something.</summary>
internal interface IParkable
{
    /// <summary>Never used twice, never 0.</summary>
    long Number { get; }

    /// <summary>What tells of the client when it is polled; null where only a thread can wait.</summary>
    SafeHandle? Watched { get; }

    /// <summary>Goes on until there is nothing to do, on a thread of its own; then it has parked itself, or is over.</summary>
    void Work();

    /// <summary>The machine has no thread for it: it ends.</summary>
    void Fail(Exception fault);
}

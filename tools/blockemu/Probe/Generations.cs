using System.Diagnostics;

namespace BlockEmu.Cli.Probe;

/// <summary>A number for each write that no other write has had, not in an earlier probe of the same disk either: it begins
/// at the clock, and 40 bits of it are stamped.</summary>
internal sealed class Generations
{
    private long _last = (Stopwatch.GetTimestamp() >> 10) & ((1L << 39) - 1);

    public ulong Next() => (ulong)Interlocked.Increment(ref _last);
}

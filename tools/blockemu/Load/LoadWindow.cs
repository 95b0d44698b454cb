using System.Diagnostics;

namespace BlockEmu.Cli.Load;

/// <summary>When is measured: all connections share it. In ticks of <see cref="Stopwatch"/>.</summary>
internal readonly record struct LoadWindow(long WarmTicks, long EndTicks)
{
    public static LoadWindow FromNow(TimeSpan warmUp, TimeSpan duration)
    {
        long warm = Stopwatch.GetTimestamp() + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        return new LoadWindow(warm, warm + (long)(duration.TotalSeconds * Stopwatch.Frequency));
    }
}

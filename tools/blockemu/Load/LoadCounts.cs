using System.Diagnostics;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>What was answered, and how long it took.</summary>
internal sealed class LoadCounts
{
    private static readonly double s_nanosecondsEachTick = 1e9 / Stopwatch.Frequency;

    /// <summary>Reads and writes.</summary>
    public LatencyHistogram Latency { get; } = new();

    public LatencyHistogram FlushLatency { get; } = new();

    public long Reads { get; private set; }

    public long Writes { get; private set; }

    /// <summary>Bytes read and written; refused ones are not counted.</summary>
    public long Bytes { get; private set; }

    public long Errors { get; private set; }

    public NbdError FirstError { get; private set; }

    private bool _isFrozen;

    public void Add(NbdCommand command, int lengthBytes, long ticks, NbdError error)
    {
        long nanoseconds = (long)(ticks * s_nanosecondsEachTick);
        if (error != NbdError.None)
        {
            Errors++;
            FirstError = FirstError == NbdError.None ? error : FirstError;
        }
        else if (_isFrozen)
        {
            return;
        }
        else if (command == NbdCommand.Flush)
        {
            FlushLatency.Add(nanoseconds);
        }
        else
        {
            Latency.Add(nanoseconds);
            Reads += command == NbdCommand.Read ? 1 : 0;
            Writes += command == NbdCommand.Write ? 1 : 0;
            Bytes += lengthBytes;
        }
    }

    public void Add(LoadCounts other)
    {
        Latency.Add(other.Latency);
        FlushLatency.Add(other.FlushLatency);
        Reads += other.Reads;
        Writes += other.Writes;
        Bytes += other.Bytes;
        Errors += other.Errors;
        FirstError = FirstError == NbdError.None ? other.FirstError : FirstError;
    }

    /// <summary>What comes from here on came too late to count, its errors excepted.</summary>
    public void Freeze() => _isFrozen = true;

    /// <summary>Forgets the warm-up, its errors excepted.</summary>
    public void Restart()
    {
        Latency.Clear();
        FlushLatency.Clear();
        (Reads, Writes, Bytes) = (0, 0, 0);
    }
}

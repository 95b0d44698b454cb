using System.Numerics;

namespace BlockEmu.Cli.Probe;

/// <summary>Where writes go: half of them on the grid of their own size, which crosses no boundary of that size or more; half
/// across a multiple of some power of two, each power as often as the others.</summary>
internal sealed class Places(long spanBytes, int grainBytes, Chance chance)
{
    /// <summary>A place for one write, anywhere in the span.</summary>
    public long Draw(int writeBytes) => Draw(writeBytes, 0) ?? 0;

    /// <summary>A place at or after an offset, near it; <see langword="null"/> when the span has no room left there.</summary>
    public long? DrawAfter(int writeBytes, long fromBytes) => Draw(writeBytes, fromBytes, isNear: true);

    private long? Draw(int writeBytes, long fromBytes, bool isNear = false)
    {
        bool isAligned = writeBytes == grainBytes || chance.Below(2) == 0;
        long step = isAligned ? writeBytes : StepOf(writeBytes);
        long first = (fromBytes + (isAligned ? 0 : writeBytes) + step - 1) / step;
        long last = (spanBytes - writeBytes) / step;
        if (last < first)
        {
            // No such boundary is left; the grid of the size itself may have room still.
            long aligned = (fromBytes + writeBytes - 1) / writeBytes * writeBytes;
            return aligned + writeBytes <= spanBytes ? aligned : null;
        }

        long index = isNear ? first : first + chance.Below(last - first + 1);
        long center = step * (isAligned || (index | 1) > last ? index : index | 1); // odd: of this power, and of no larger one
        return isAligned ? center : center - (grainBytes * (1 + chance.Below((writeBytes / grainBytes) - 1)));
    }

    private long StepOf(int writeBytes)
    {
        int lowest = BitOperations.Log2((uint)grainBytes);
        int highest = Math.Max(lowest + 1, BitOperations.Log2((ulong)Math.Min(spanBytes / 4, 1 << 20)));
        return Math.Max(1L << (lowest + (int)chance.Below(highest - lowest + 1)), grainBytes);
    }
}

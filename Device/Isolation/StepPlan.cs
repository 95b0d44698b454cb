using BlockEmu.Device.Atoms;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Isolation;

/// <summary>Cuts a command into what becomes visible, or is read, at once.</summary>
internal static class StepPlan
{
    /// <summary>Zeroes and trims are carried out in at most this many steps, however long they are.</summary>
    public const int MaxZeroSteps = 64;

    /// <summary>The steps in their order; a single one for a command that must be.</summary>
    /// <param name="rule">The isolation.</param>
    /// <param name="promise">The atomicity in force.</param>
    /// <param name="blockBytes">The logical block.</param>
    /// <param name="range">The command's bytes, of any alignment.</param>
    /// <param name="isLong">It has no payload: it may be as long as the disk.</param>
    /// <param name="chance">Draws the order, where it is open.</param>
    public static List<ByteRange> Cut(
        IsolationRule rule, AtomicityParameters promise, int blockBytes, ByteRange range, bool isLong, ref SplitMix64 chance)
    {
        if (rule.IsByPage)
        {
            return CutEvery(range, IsolationRule.PageBytes, 0, isLong);
        }

        if (rule.Mode != IsolationMode.Nvme || !rule.IsAdversarial || IsOneStep(promise, blockBytes, range))
        {
            return [range];
        }

        // An atom is never more than one step: in multiple atomicity mode it is what lies between two boundaries.
        List<ByteRange> steps = promise.Mam
            ? CutEvery(range, promise.NabsnBytes, promise.NaboBytes, isLong)
            : CutEvery(range, blockBytes, 0, isLong);
        for (int i = steps.Count - 1; i > 0; i--)
        {
            int other = (int)chance.NextBelow((ulong)i + 1);
            (steps[i], steps[other]) = (steps[other], steps[i]);
        }

        return steps;
    }

    /// <summary>An atom is one step whatever else holds; so is what AWUN promises, unless the host lets it go (DN).</summary>
    private static bool IsOneStep(AtomicityParameters promise, int blockBytes, ByteRange range)
    {
        long start = range.OffsetBytes / blockBytes * blockBytes;
        long end = (range.EndBytes + blockBytes - 1) / blockBytes * blockBytes;
        bool isAtomic = !promise.Dn && end - start <= promise.EffectiveAwunBytes
            && (promise.NabsnBytes == 0 || NextBorder(start, promise.NabsnBytes, promise.NaboBytes) >= end);
        return isAtomic || AtomLayout.Cut(start, end - start, promise, blockBytes).Count == 1;
    }

    private static List<ByteRange> CutEvery(ByteRange range, long everyBytes, long firstBytes, bool isLong)
    {
        if (isLong && range.LengthBytes / everyBytes >= MaxZeroSteps)
        {
            everyBytes *= (range.LengthBytes / everyBytes / (MaxZeroSteps - 1)) + 1;
        }

        List<ByteRange> pieces = [];
        for (long at = range.OffsetBytes; at < range.EndBytes;)
        {
            long end = Math.Min(range.EndBytes, NextBorder(at, everyBytes, firstBytes));
            pieces.Add(new ByteRange(at, end - at));
            at = end;
        }

        return pieces;
    }

    private static long NextBorder(long at, long everyBytes, long firstBytes)
    {
        long next = at < firstBytes ? firstBytes : firstBytes + ((((at - firstBytes) / everyBytes) + 1) * everyBytes);
        return next < 0 ? long.MaxValue : next; // the last border of a disk near 2^63 would wrap
    }
}

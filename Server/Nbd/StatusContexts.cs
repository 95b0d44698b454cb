using BlockEmu.Device;

namespace BlockEmu.Server.Nbd;

/// <summary>The metadata contexts of every disk, and what an extent is in each.</summary>
internal static class StatusContexts
{
    public const string Allocation = "base:allocation";

    /// <summary>What a power cut would do: 0 hole, 1 persistent, 2 cached, 3 in flight.</summary>
    public const string Durability = "x-blockemu:durability";

    private const uint Hole = 1;
    private const uint Zero = 2;

    public static IReadOnlyList<string> Names { get; } = [Allocation, Durability];

    /// <summary>The status an extent has in a context of <see cref="Names"/>.</summary>
    /// <remarks>What is pending is no hole yet, even when it reads as zero: a power cut may still take the zeroes.</remarks>
    public static uint StatusOf(string context, in DiskExtent extent) => context switch
    {
        Durability => (uint)extent.State,
        _ => (extent.State == DiskExtentState.Hole ? Hole : 0) | (extent.ReadsAsZero ? Zero : 0),
    };
}

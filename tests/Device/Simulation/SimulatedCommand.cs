using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>One thing that happens to a simulated disk. One that makes no sense where it stands (the power is off, nothing was begun
/// under that name) is passed over, so that any part of a list is a list.</summary>
internal readonly record struct SimulatedCommand(SimulatedKind Kind)
{
    /// <summary>The first logical block.</summary>
    public int First { get; init; }

    /// <summary>How many blocks.</summary>
    public int Count { get; init; }

    public bool IsFua { get; init; }

    /// <summary>The content of the first block; the following ones count up, unless it is <see cref="IsUniform"/>. 0 = zeroes, all of
    /// them.</summary>
    public ulong Content { get; init; }

    /// <summary>All blocks have the same content.</summary>
    public bool IsUniform { get; init; }

    /// <summary>Which one: a <see cref="SimulatedKind.Begin"/>'s name.</summary>
    public int Name { get; init; }

    /// <summary>A cut's own seed.</summary>
    public ulong Seed { get; init; }

    public LossModel? Loss { get; init; }

    /// <summary>What a <see cref="SimulatedKind.Change"/> changes to.</summary>
    public DiskOptions? Options { get; init; }

    /// <summary>It happens between two steps of the command before it, if that one takes several.</summary>
    public bool IsBetween { get; init; }

    /// <summary>The content of one of its blocks.</summary>
    public ulong ContentOf(int index) => Content == 0 || IsUniform ? Content : Content + (ulong)index;
}

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A write-class command as the naive model keeps it.</summary>
internal sealed class NaiveStep
{
    public required long Sequence { get; init; }

    /// <summary>Counts towards the cache's size.</summary>
    public required bool HasPayload { get; init; }

    public required int First { get; init; }

    /// <summary>Of each block.</summary>
    public required ulong[] Contents { get; init; }

    /// <summary>The number of the atom that each block belongs to.</summary>
    public required int[] AtomOf { get; init; }

    public bool IsAcknowledged { get; set; }

    /// <summary>A cut must keep it.</summary>
    public bool IsPersistent { get; set; }

    public bool Covers(int block) => block >= First && block < First + Contents.Length;
}

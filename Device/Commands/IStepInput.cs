using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Commands;

/// <summary>What a write needs of visible content, in the very step that makes it visible.</summary>
/// <remarks>A medium that waits is read beforehand, in the order of the members; the read stays registered until the step, so that
/// nothing destages into those blocks in between. An immediate medium is read in <see cref="TryFill"/> itself; nothing is
/// registered on it, and nothing released.</remarks>
internal interface IStepInput
{
    /// <summary>Under the disk's lock: from here on nothing that is pending now or later is written into these blocks on a
    /// medium that waits, but for a batch that was picked before; blocks that such a batch may hold are remembered.</summary>
    void Register(DiskCore core, ReadsInFlight reads);

    /// <summary>Without the lock.</summary>
    DiskStatus ReadPlatter(DiskCore core);

    /// <summary>Completes the payload, under the disk's lock. Null when a block has moved from the cache to the platter since it
    /// was read there: then what was read may be older, and everything begins anew. Any status but Ok ends the command
    /// without a step.</summary>
    DiskStatus? TryFill(Span<byte> payload, DiskCore core);

    /// <summary>Under the disk's lock: the end of what <see cref="Register"/> began.</summary>
    void Release(ReadsInFlight reads);
}

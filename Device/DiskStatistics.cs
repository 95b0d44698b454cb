namespace BlockEmu.Device;

/// <summary>A consistent reading of one disk's counters, taken under its lock.</summary>
public sealed record DiskStatistics
{
    /// <summary>Payload bytes of pending atoms.</summary>
    public long CachedBytes { get; init; }

    /// <summary>Pending commands that still have a live atom.</summary>
    public long PendingCommands { get; init; }

    /// <summary>Pending atoms (an upper bound while commands are partly superseded).</summary>
    public long PendingAtoms { get; init; }

    /// <summary>Bytes allocated on the platter.</summary>
    public long PersistentBytes { get; init; }

    /// <summary>Payload bytes made persistent since start, by whatever reason.</summary>
    public long DestagedBytes { get; init; }

    /// <summary>Flushes acknowledged.</summary>
    public long Flushes { get; init; }

    /// <summary>Write-class commands with FUA acknowledged.</summary>
    public long FuaWrites { get; init; }

    /// <summary>Write-class commands carried out as with FUA because the cache was full (<c>destage=never</c>).</summary>
    public long FullCacheWrites { get; init; }

    /// <summary>Power cuts since start (recuts not counted).</summary>
    public long Cuts { get; init; }

    /// <summary>The newest sequence number: every step up to it is visible.</summary>
    public long NewestSequence { get; init; }

    /// <summary>Every step up to this sequence number was acknowledged, or has failed.</summary>
    public long NewestAcknowledgedPrefix { get; init; }

    /// <summary>No step up to this sequence number can be lost any more: each is persistent or superseded, or has failed, or was
    /// lost in an earlier cut.</summary>
    public long NewestPersistentPrefix { get; init; }

    /// <summary>Native memory held for pages, bytes.</summary>
    public long ArenaBytes { get; init; }

    internal static DiskStatistics From(DiskCore core, int cuts)
    {
        long persistentBytes = core.Medium.IsImmediate ? 0 : core.Medium.PersistentBytes; // a system call: not under the lock
        lock (core.Gate)
        {
            return new DiskStatistics
            {
                CachedBytes = core.Cache.LiveBytes,
                PendingCommands = core.Cache.Pending.Count,
                PendingAtoms = core.Cache.PendingAtoms,
                PersistentBytes = core.Medium.IsImmediate ? core.Medium.PersistentBytes : persistentBytes,
                DestagedBytes = core.DestagedBytes,
                Flushes = core.Flushes,
                FuaWrites = core.FuaWrites,
                FullCacheWrites = core.FullCacheWrites,
                Cuts = cuts,
                NewestSequence = core.Sequence,
                NewestAcknowledgedPrefix = core.WrittenThrough.Count == 0 ? core.Sequence : core.WrittenThrough[0] - 1,
                NewestPersistentPrefix = core.Cache.Pending.Oldest is { } oldest ? oldest.Sequence - 1 : core.Sequence,
                ArenaBytes = core.Arena.ReservedBytes,
            };
        }
    }
}

namespace BlockEmu.Device.Cache;

/// <summary>What a destage is for, and so which commands are its turn: one of three, as the properties say.</summary>
internal readonly struct DestageOrder
{
    /// <summary>Oldest first until a command with so much payload has room. -1: not that.</summary>
    public long RoomForBytes { get; private init; }

    /// <summary>Whether that command is written through, and takes no room of its own.</summary>
    public bool IsForThrough { get; private init; }

    /// <summary>This command only, as long as it is pending and has <see cref="Sequence"/>.</summary>
    public PendingCommand? Only { get; private init; }

    public long Sequence { get; private init; }

    /// <summary>Everything that was acknowledged up to here; else everything.</summary>
    public long? CoveredOrder { get; private init; }

    public static DestageOrder Room(long payloadBytes, bool isThrough) => new() { RoomForBytes = payloadBytes, IsForThrough = isThrough };

    public static DestageOrder One(PendingCommand command, long sequence) =>
        new() { RoomForBytes = -1, Only = command, Sequence = sequence };

    public static DestageOrder Flush(long? coveredOrder) => new() { RoomForBytes = -1, CoveredOrder = coveredOrder };

    /// <summary>Fills a batch with what comes next; nothing when the order is fulfilled. Under the disk's lock.</summary>
    public void Pick(DiskCore core, List<PendingCommand> batch)
    {
        batch.Clear();
        if (Only is not null)
        {
            if (IsPending(core))
            {
                batch.Add(Only);
            }

            return;
        }

        bool isForRoom = RoomForBytes >= 0;
        if (isForRoom && core.HasRoomFor(RoomForBytes, IsForThrough))
        {
            return;
        }

        long maxBytes = isForRoom ? Destager.RoomBatchBytes : Destager.FlushBatchBytes;
        long bytes = 0;
        for (PendingCommand? c = core.Cache.Pending.Oldest; c is not null; c = c.Newer)
        {
            if (bytes >= maxBytes || batch.Count == Destager.BatchCommands)
            {
                return;
            }

            if (!isForRoom && CoveredOrder is long covered && !(c.IsAcknowledged && c.AcknowledgeOrder <= covered))
            {
                continue;
            }

            if (c.KeepsProvisioned && batch.Count > 0)
            {
                return; // zeroes that stay provisioned go alone: one delta has one way to zero
            }

            batch.Add(c);
            bytes += c.LiveBytes;
            if (c.KeepsProvisioned)
            {
                return;
            }
        }
    }

    /// <summary>Whether the command has not left the cache; its object may serve another one by now.</summary>
    private bool IsPending(DiskCore core) => Only!.Sequence == Sequence && Only.List == core.Cache.Pending;
}

namespace BlockEmu.Device.Cache;

/// <summary>What a destage is for, and so which commands are its turn: one of five, as the methods say.</summary>
internal readonly struct DestageOrder
{
    private enum Purpose
    {
        Flush,
        Room,
        Background,
        One,
        Zeroes,
    }

    private Purpose For { get; init; }

    private long Bytes { get; init; }

    private bool IsForThrough { get; init; }

    private bool IsWithdrawable { get; init; }

    private PendingCommand? Only { get; init; }

    private long Sequence { get; init; }

    private long? CoveredOrder { get; init; }

    /// <summary>Whether it is for one command alone, which is withdrawn when the medium refuses it.</summary>
    public bool IsForOne => For == Purpose.One && IsWithdrawable;

    /// <summary>By the policy's order, until a command with so much payload has room.</summary>
    /// <param name="payloadBytes">The command's payload.</param>
    /// <param name="isThrough">Whether that command is written through, and takes no room of its own.</param>
    public static DestageOrder Room(long payloadBytes, bool isThrough) =>
        new() { For = Purpose.Room, Bytes = payloadBytes, IsForThrough = isThrough };

    /// <summary>By the policy's order, one batch of about so much payload.</summary>
    public static DestageOrder Background(long maxBytes) => new() { For = Purpose.Background, Bytes = maxBytes };

    /// <summary>This command only, as long as it is pending and has this sequence number.</summary>
    public static DestageOrder One(PendingCommand command, long sequence) =>
        new() { For = Purpose.One, Only = command, Sequence = sequence, IsWithdrawable = true };

    /// <summary>This command only, out of its turn; it stays pending when the medium refuses it.</summary>
    public static DestageOrder Alone(PendingCommand command) =>
        new() { For = Purpose.One, Only = command, Sequence = command.Sequence };

    /// <summary>Of what this order is about, the trims and zeroes that may free room on the medium.</summary>
    public DestageOrder OnlyZeroes() => new() { For = Purpose.Zeroes, CoveredOrder = CoveredOrder };

    /// <summary>Everything that was acknowledged up to a position; with null everything.</summary>
    public static DestageOrder Flush(long? coveredOrder) => new() { For = Purpose.Flush, CoveredOrder = coveredOrder };

    /// <summary>Fills a batch with what comes next, ascending; nothing when the order is fulfilled. Returns the batch's payload,
    /// bytes. Under the disk's lock.</summary>
    public long Pick(DiskCore core, List<PendingCommand> batch)
    {
        batch.Clear();
        switch (For)
        {
            case Purpose.One:
                if (IsPending(core))
                {
                    batch.Add(Only!);
                }

                return batch.Count == 0 ? 0 : Only!.LiveBytes;
            case Purpose.Zeroes:
                return PickZeroes(core, batch);
            case Purpose.Room:
                return core.HasRoomFor(Bytes, IsForThrough) ? 0
                    : core.MakesRoomAtRandom(Bytes, IsForThrough) ? PickAtRandom(core, batch, Math.Clamp(core.Cache.LiveBytes / 8, 1, Destager.RoomBatchBytes))
                    : PickOldest(core, batch, Destager.RoomBatchBytes);
            case Purpose.Background:
                long bytes = Math.Min(Bytes, Destager.RoomBatchBytes);
                return core.IsDestagedAtRandom ? PickAtRandom(core, batch, bytes) : PickOldest(core, batch, bytes);
            default:
                return PickOldest(core, batch, Destager.FlushBatchBytes);
        }
    }

    /// <summary>The oldest command whose turn it is, whatever its size; null when the order is fulfilled. Under the disk's lock.</summary>
    public PendingCommand? FindOldest(DiskCore core)
    {
        PendingCommand? command = For == Purpose.Room && core.HasRoomFor(Bytes, IsForThrough) ? null : core.Cache.Pending.Oldest;
        while (command is not null && !IsCovered(command))
        {
            command = command.Newer;
        }

        return command;
    }

    /// <summary>The newest command of this order that is newer than another one, touches its range and was not tried. Under the
    /// disk's lock.</summary>
    public PendingCommand? FindOver(DiskCore core, PendingCommand command, HashSet<long> tried)
    {
        for (PendingCommand? c = core.Cache.Pending.Newest; c is not null && c != command; c = c.Older)
        {
            bool touches = c.OffsetBytes < command.OffsetBytes + command.LengthBytes && command.OffsetBytes < c.OffsetBytes + c.LengthBytes;
            if (touches && IsCovered(c) && !tried.Contains(c.Sequence))
            {
                return c;
            }
        }

        return null;
    }

    private long PickZeroes(DiskCore core, List<PendingCommand> batch)
    {
        for (PendingCommand? c = core.Cache.Pending.Newest; c is not null && batch.Count < Destager.BatchCommands; c = c.Older)
        {
            if (c.Kind != WriteKind.Write && !c.KeepsProvisioned && IsCovered(c))
            {
                batch.Add(c);
            }
        }

        batch.Reverse(); // ascending: where they overlap, the newest must win
        return 0;
    }

    private bool IsCovered(PendingCommand command) =>
        CoveredOrder is not long covered || (command.IsAcknowledged && command.AcknowledgeOrder <= covered);

    private long PickOldest(DiskCore core, List<PendingCommand> batch, long maxBytes)
    {
        long bytes = 0;
        for (PendingCommand? c = core.Cache.Pending.Oldest; c is not null; c = c.Newer)
        {
            if (!IsCovered(c))
            {
                continue;
            }

            if (IsFull(batch, bytes, maxBytes) || !TryAdd(c, batch, ref bytes))
            {
                break;
            }
        }

        return bytes;
    }

    private static long PickAtRandom(DiskCore core, List<PendingCommand> batch, long maxBytes)
    {
        long bytes = 0;
        while (!IsFull(batch, bytes, maxBytes) && core.TakeNext() is PendingCommand c)
        {
            if (!TryAdd(c, batch, ref bytes))
            {
                core.PutBack(c);
                break;
            }
        }

        batch.Sort(static (a, b) => a.Sequence.CompareTo(b.Sequence)); // where they overlap, the newest must win
        return bytes;
    }

    private static bool IsFull(List<PendingCommand> batch, long bytes, long maxBytes) =>
        bytes >= maxBytes || batch.Count == Destager.BatchCommands
        || (batch.Count == 1 && batch[0].KeepsProvisioned);

    /// <summary>Zeroes that stay provisioned go alone: one delta has one way to zero.</summary>
    private static bool TryAdd(PendingCommand command, List<PendingCommand> batch, ref long bytes)
    {
        if (command.KeepsProvisioned && batch.Count > 0)
        {
            return false;
        }

        batch.Add(command);
        bytes += command.LiveBytes;
        return true;
    }

    /// <summary>Whether the command has not left the cache; its object may serve another one by now.</summary>
    private bool IsPending(DiskCore core) => Only!.Sequence == Sequence && Only.List == core.Cache.Pending;
}

using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>A completion or an R2T in a batch: what is counted when it leaves, and whose it is when it must be said again.</summary>
/// <param name="CommandId">The command's identifier.</param>
/// <param name="Operation">What is counted; null: nothing.</param>
/// <param name="Succeeded">Whether the command did.</param>
/// <param name="Fua">Whether it was with FUA.</param>
/// <param name="Bytes">Of its range.</param>
internal readonly record struct BatchedPdu(ushort CommandId, DiskOperation? Operation, bool Succeeded, bool Fua, long Bytes)
{
    /// <summary>R2TL; 0: it is a completion.</summary>
    public uint WantedBytes { get; init; }

    /// <summary>TTAG.</summary>
    public ushort TransferTag { get; init; }

    /// <summary>Counts a batch that has left; without a meter nothing is.</summary>
    public static void Record(ConnectionMeter? meter, ReadOnlySpan<BatchedPdu> batch, long elapsedTicks, bool wasLive)
    {
        if (meter is null)
        {
            return;
        }

        int bucket = ConnectionMeter.FindBucket(elapsedTicks);
        foreach (ref readonly BatchedPdu pdu in batch)
        {
            if (pdu.Operation is { } operation)
            {
                meter.Record(operation, pdu.Succeeded && wasLive, pdu.Fua, pdu.Bytes, elapsedTicks, bucket);
            }
        }
    }
}

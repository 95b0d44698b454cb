using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nbd;

/// <summary>What the wire hears about a disk.</summary>
internal static class ExportDescription
{
    private const int PreferredBlockBytes = 4096;

    // Zeroes take no time in proportion to their length here, so FAST_ZERO is offered and always holds. All connections
    // see one cache, so a flush on one covers the others: CAN_MULTI_CONN is true.
    private const NbdTransmissionFlags AlwaysOffered =
        NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua
        | NbdTransmissionFlags.SendTrim | NbdTransmissionFlags.SendWriteZeroes | NbdTransmissionFlags.CanMultiConn
        | NbdTransmissionFlags.SendCache | NbdTransmissionFlags.SendFastZero;

    public static NbdExport Describe(ServedDisk served) => new()
    {
        Name = served.Disk.Name,
        SizeBytes = served.Disk.SizeBytes,
        MetaContexts = StatusContexts.Names,
        IsTlsOnly = served.IsTlsOnly,
        Description = served.Disk.Options.Description,
        Flags = AlwaysOffered
            | (served.Disk.Options.IsReadOnly ? NbdTransmissionFlags.ReadOnly : NbdTransmissionFlags.None)
            | (served.IsRotational ? NbdTransmissionFlags.Rotational : NbdTransmissionFlags.None),
        BlockSizes = new NbdBlockSizes(
            (uint)served.NbdMinimumBlockBytes,
            (uint)Math.Max(PreferredBlockBytes, served.NbdMinimumBlockBytes),
            (uint)served.NbdMaximumPayloadBytes),
    };
}

namespace BlockEmu.Protocol.Nvme;

/// <summary>How a command ended (Base 3.3.3.2, "Status Field Definition"); <c>default</c> is success.</summary>
/// <remarks>
/// In bytes 15:14 of a completion: bit 0 phase, 8:1 SC, 11:9 SCT, 13:12 CRD, 14 More, 15 DNR. The values below come without DNR:
/// a host may try again. Linux does, up to five times; <see cref="Final"/> says that it cannot help.
/// </remarks>
/// <param name="TypeCode">SCT: 0 generic, 1 command specific, 2 media and data integrity, 3 path.</param>
/// <param name="Code">SC.</param>
/// <param name="IsFinal">DNR, "Do Not Retry".</param>
public readonly record struct NvmeStatus(byte TypeCode, byte Code, bool IsFinal = false)
{
    public static NvmeStatus Success => default;

    public static NvmeStatus InvalidOpcode => new(0, 0x01);

    public static NvmeStatus InvalidField => new(0, 0x02);

    public static NvmeStatus CommandIdConflict => new(0, 0x03);

    public static NvmeStatus DataTransferError => new(0, 0x04);

    public static NvmeStatus AbortedByPowerLoss => new(0, 0x05);

    public static NvmeStatus InternalError => new(0, 0x06);

    public static NvmeStatus AbortRequested => new(0, 0x07);

    public static NvmeStatus QueueDeleted => new(0, 0x08);

    /// <summary>The other command of the fused pair failed.</summary>
    public static NvmeStatus FusedFailed => new(0, 0x09);

    /// <summary>A fused command without its neighbour.</summary>
    public static NvmeStatus FusedMissing => new(0, 0x0A);

    public static NvmeStatus InvalidNamespaceOrFormat => new(0, 0x0B);

    public static NvmeStatus CommandSequenceError => new(0, 0x0C);

    public static NvmeStatus SglCountInvalid => new(0, 0x0E);

    /// <summary>The data's length does not fit the command.</summary>
    public static NvmeStatus SglLengthInvalid => new(0, 0x0F);

    public static NvmeStatus SglTypeInvalid => new(0, 0x11);

    public static NvmeStatus AtomicWriteUnitExceeded => new(0, 0x14);

    public static NvmeStatus SglOffsetInvalid => new(0, 0x16);

    public static NvmeStatus HostIdentifierInconsistent => new(0, 0x18);

    public static NvmeStatus KeepAliveExpired => new(0, 0x19);

    public static NvmeStatus KeepAliveInvalid => new(0, 0x1A);

    public static NvmeStatus NamespaceWriteProtected => new(0, 0x20);

    public static NvmeStatus CommandInterrupted => new(0, 0x21);

    public static NvmeStatus TransientTransportError => new(0, 0x22);

    public static NvmeStatus LbaOutOfRange => new(0, 0x80);

    public static NvmeStatus CapacityExceeded => new(0, 0x81);

    public static NvmeStatus NamespaceNotReady => new(0, 0x82);

    /// <summary>Past AERL.</summary>
    public static NvmeStatus EventRequestLimitExceeded => new(1, 0x05);

    public static NvmeStatus InvalidLogPage => new(1, 0x09);

    public static NvmeStatus FeatureNotSaveable => new(1, 0x0D);

    public static NvmeStatus FeatureNotChangeable => new(1, 0x0E);

    public static NvmeStatus FeatureNotNamespaceSpecific => new(1, 0x0F);

    /// <summary>Fabrics: RECFMT is not spoken.</summary>
    public static NvmeStatus ConnectFormatUnknown => new(1, 0x80);

    public static NvmeStatus ConnectControllerBusy => new(1, 0x81);

    /// <summary>Fabrics: which parameter stands in the result (<see cref="NvmeConnectFault"/>).</summary>
    public static NvmeStatus ConnectInvalidParameter => new(1, 0x82);

    public static NvmeStatus ConnectRestartDiscovery => new(1, 0x83);

    public static NvmeStatus ConnectInvalidHost => new(1, 0x84);

    /// <summary>NVM command set: attributes of Dataset Management that exclude each other.</summary>
    public static NvmeStatus ConflictingAttributes => new(1, 0x80);

    /// <summary>NVM command set: the format has no protection information.</summary>
    public static NvmeStatus InvalidProtectionInformation => new(1, 0x81);

    /// <summary>NVM command set: beyond MSSRL, MCL or MSRC of Copy, or a limit of Dataset Management or Write Zeroes.</summary>
    public static NvmeStatus CommandSizeLimitExceeded => new(1, 0x83);

    public static NvmeStatus WriteFault => new(2, 0x80);

    public static NvmeStatus UnrecoveredReadError => new(2, 0x81);

    public static NvmeStatus CompareFailure => new(2, 0x85);

    public static NvmeStatus AccessDenied => new(2, 0x86);

    public static NvmeStatus DeallocatedOrUnwritten => new(2, 0x87);

    public static NvmeStatus InternalPathError => new(3, 0x00);

    public static NvmeStatus AsymmetricAccessPersistentLoss => new(3, 0x01);

    public static NvmeStatus ControllerPathingError => new(3, 0x60);

    public bool IsSuccess => TypeCode == 0 && Code == 0;

    /// <summary>The same with DNR: a retry cannot help.</summary>
    public NvmeStatus Final => this with { IsFinal = true };

    /// <summary>CRD and More are ours to leave out: they are 0 when written and ignored when read.</summary>
    public static NvmeStatus FromWire(ushort field) => new((byte)((field >> 9) & 7), (byte)(field >> 1), field >> 15 != 0);

    public ushort ToWire() => (ushort)((Code << 1) | (TypeCode << 9) | (IsFinal ? 1 << 15 : 0));

    /// <summary>As <c>1/82h</c>, with <c>DNR</c> where it is set.</summary>
    public override string ToString() => $"{TypeCode}/{Code:X2}h{(IsFinal ? " DNR" : "")}";
}

namespace BlockEmu.Protocol.Nvme;

/// <summary>The fields of a Connect command (Base 6.3); its data is <see cref="NvmeConnectData"/>.</summary>
/// <remarks>
/// Offsets in the submission queue entry, little endian:
/// <code>
/// offset  size  field
///     40     2  RECFMT, 0
///     42     2  QID: 0 = admin
///     44     2  SQSIZE, entries, 0's based
///     46     1  CATTR: bit 2 = no flow control of the submission queue
///     48     4  KATO, milliseconds; 0 = no Keep Alive; admin queue only
/// </code>
/// </remarks>
public readonly record struct NvmeConnect(
    ushort RecordFormat, ushort QueueId, int QueueEntries, bool DisablesFlowControl, uint KeepAliveMs)
{
    public const int QueueIdOffset = 42;

    public const int QueueSizeOffset = 44;

    public const int AttributesOffset = 46;

    public const int KeepAliveOffset = 48;

    private const uint DisableFlowControlBit = 1u << 18;

    public static NvmeConnect From(in NvmeCommand command) => new(
        (ushort)command.Cdw10, (ushort)(command.Cdw10 >> 16), (ushort)command.Cdw11 + 1,
        (command.Cdw11 & DisableFlowControlBit) != 0, command.Cdw12);

    /// <summary>The command, its 1,024 bytes of data in the capsule. Throws <see cref="OverflowException"/> when the queue has not
    /// 1 to 65,536 entries.</summary>
    public NvmeCommand ToCommand(ushort commandId) => new()
    {
        Opcode = (byte)NvmeAdminOpcode.Fabrics,
        Psdt = NvmeCommand.PsdtSgl,
        CommandId = commandId,
        NamespaceId = (uint)NvmeFabricsType.Connect,
        Data = NvmeSgl.InCapsule(NvmeConnectData.SizeBytes),
        Cdw10 = RecordFormat | ((uint)QueueId << 16),
        Cdw11 = checked((ushort)(QueueEntries - 1)) | (DisablesFlowControl ? DisableFlowControlBit : 0),
        Cdw12 = KeepAliveMs,
    };
}

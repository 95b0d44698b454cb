namespace BlockEmu.Protocol.Nvme;

/// <summary>The fields of Property Get and Property Set (Base 6.4, 6.5).</summary>
/// <remarks>
/// Offsets in the submission queue entry, little endian:
/// <code>
/// offset  size  field
///     40     1  bits 2:0 size: 0 = 4 bytes, 1 = 8 bytes
///     44     4  offset of the property
///     48     8  value; Property Set only
/// </code>
/// The value of a Property Get is the completion's result.
/// </remarks>
public readonly record struct NvmePropertyAccess(NvmeProperty Property, int SizeBytes, ulong Value)
{
    /// <summary>The size is 0 when the field says neither 4 nor 8 bytes.</summary>
    public static NvmePropertyAccess From(in NvmeCommand command) => new(
        (NvmeProperty)command.Cdw11,
        (command.Cdw10 & 7) switch { 0 => 4, 1 => 8, _ => 0 },
        command.Cdw12 | ((ulong)command.Cdw13 << 32));

    public static NvmeCommand Get(NvmeProperty property, ushort commandId) =>
        new NvmePropertyAccess(property, property == NvmeProperty.Capabilities ? 8 : 4, 0).ToCommand(NvmeFabricsType.PropertyGet, commandId);

    public static NvmeCommand Set(NvmeProperty property, uint value, ushort commandId) =>
        new NvmePropertyAccess(property, 4, value).ToCommand(NvmeFabricsType.PropertySet, commandId);

    private NvmeCommand ToCommand(NvmeFabricsType type, ushort commandId) => new()
    {
        Opcode = (byte)NvmeAdminOpcode.Fabrics,
        Psdt = NvmeCommand.PsdtSgl,
        CommandId = commandId,
        NamespaceId = (uint)type,
        Data = NvmeSgl.Transport(0),
        Cdw10 = SizeBytes == 8 ? 1u : 0,
        Cdw11 = (uint)Property,
        Cdw12 = (uint)Value,
        Cdw13 = (uint)(Value >> 32),
    };
}

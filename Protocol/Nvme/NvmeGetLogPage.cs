namespace BlockEmu.Protocol.Nvme;

/// <summary>The fields of Get Log Page (Base 5.16).</summary>
/// <remarks>
/// CDW10: 7:0 LID, 15 RAE (1 = leave the event pending), 31:16 NUMDL; CDW11: 15:0 NUMDU; CDW12 and 13: offset, bytes. NUMD is the
/// number of double words, 0's based. CDW14 bit 23: the offset counts entries and not bytes.
/// </remarks>
public readonly record struct NvmeGetLogPage(NvmeLogPage Page, ulong OffsetBytes, long LengthBytes, bool RetainsEvent, bool IsOffsetAnIndex)
{
    public static NvmeGetLogPage From(in NvmeCommand command) => new(
        (NvmeLogPage)(byte)command.Cdw10,
        command.Cdw12 | ((ulong)command.Cdw13 << 32),
        (((command.Cdw10 >> 16) | ((long)(command.Cdw11 & 0xFFFF) << 16)) + 1) * 4,
        (command.Cdw10 & (1u << 15)) != 0,
        (command.Cdw14 & (1u << 23)) != 0);

    /// <summary>The command; a length that is no multiple of 4 throws.</summary>
    public NvmeCommand ToCommand(ushort commandId, uint namespaceId = 0xFFFF_FFFF)
    {
        if (LengthBytes <= 0 || LengthBytes % 4 != 0)
        {
            throw new InvalidOperationException($"{LengthBytes} bytes are no double words");
        }

        uint numd = checked((uint)((LengthBytes / 4) - 1));
        return new NvmeCommand
        {
            Opcode = (byte)NvmeAdminOpcode.GetLogPage,
            Psdt = NvmeCommand.PsdtSgl,
            CommandId = commandId,
            NamespaceId = namespaceId,
            Data = NvmeSgl.Transport(checked((uint)LengthBytes)),
            Cdw10 = (byte)Page | (RetainsEvent ? 1u << 15 : 0) | (numd << 16),
            Cdw11 = numd >> 16,
            Cdw12 = (uint)OffsetBytes,
            Cdw13 = (uint)(OffsetBytes >> 32),
            Cdw14 = IsOffsetAnIndex ? 1u << 23 : 0,
        };
    }
}

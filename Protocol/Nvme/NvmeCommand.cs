using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>A submission queue entry, 64 bytes (Base 3.3.2, "Common Command Format"; Base 6 for Fabrics commands).</summary>
/// <remarks>
/// Little endian:
/// <code>
/// offset  size  field
///      0     1  opcode
///      1     1  bits 1:0 FUSE, 7:6 PSDT (01b = SGL, all that Fabrics knows)
///      2     2  command identifier
///      4     4  namespace identifier; of a Fabrics command byte 4 is FCTYPE
///      8    16  CDW2, CDW3, metadata pointer: not used here, written as 0
///     24    16  SGL descriptor
///     40    24  CDW10 to CDW15
/// </code>
/// What a double word means is the command's: the properties below name those of the NVM command set; admin and Fabrics
/// commands have types of their own. Pass it as <c>in</c>.
/// </remarks>
public readonly record struct NvmeCommand
{
    public const int SizeBytes = 64;

    /// <summary>PSDT 01b: an SGL describes the data.</summary>
    public const byte PsdtSgl = 1;

    public byte Opcode { get; init; }

    public NvmeFuse Fuse { get; init; }

    /// <summary>How the data is described, 0 to 3.</summary>
    public byte Psdt { get; init; }

    public ushort CommandId { get; init; }

    public uint NamespaceId { get; init; }

    public NvmeSgl Data { get; init; }

    public uint Cdw10 { get; init; }

    public uint Cdw11 { get; init; }

    public uint Cdw12 { get; init; }

    public uint Cdw13 { get; init; }

    public uint Cdw14 { get; init; }

    public uint Cdw15 { get; init; }

    /// <summary>The opcode, of a command from an I/O queue.</summary>
    public NvmeIoOpcode IoOpcode => (NvmeIoOpcode)Opcode;

    /// <summary>The opcode, of a command from the admin queue.</summary>
    public NvmeAdminOpcode AdminOpcode => (NvmeAdminOpcode)Opcode;

    /// <summary>FCTYPE; only of a command with opcode 7Fh.</summary>
    public NvmeFabricsType FabricsType => (NvmeFabricsType)(byte)NamespaceId;

    /// <summary>SLBA (or SDLBA, Copy's destination), logical blocks.</summary>
    public ulong StartingLba => Cdw10 | ((ulong)Cdw11 << 32);

    /// <summary>NLB as a count, 1 to 65,536; on the wire it is 0's based. Not for Copy and Dataset Management.</summary>
    public int BlockCount => (int)(Cdw12 & 0xFFFF) + 1;

    /// <summary>FUA (CDW12 bit 30).</summary>
    public bool ForceUnitAccess => (Cdw12 & (1u << 30)) != 0;

    /// <summary>Write Zeroes: DEAC (CDW12 bit 25).</summary>
    public bool Deallocate => (Cdw12 & (1u << 25)) != 0;

    /// <summary>PRINFO (CDW12 bits 29:26): protection information, which no format of ours has.</summary>
    public int ProtectionInformation => (int)(Cdw12 >> 26) & 0xF;

    /// <summary>Dataset Management and Copy: number of ranges as a count, 1 to 256; on the wire it is 0's based.</summary>
    public int RangeCount => (IoOpcode == NvmeIoOpcode.Copy ? (int)(Cdw12 & 0xFF) : (int)(Cdw10 & 0xFF)) + 1;

    /// <summary>Dataset Management: AD (CDW11 bit 2), the ranges may be deallocated.</summary>
    public bool RangesDeallocate => (Cdw11 & (1u << 2)) != 0;

    /// <summary>Copy: the source ranges' descriptor format (CDW12 bits 11:8); 0 is <see cref="NvmeCopyRange"/>.</summary>
    public int CopyFormat => (int)(Cdw12 >> 8) & 0xF;

    /// <summary>A command of the NVM command set on one range: its data is in the capsule or in PDUs, as <paramref name="data"/> says.</summary>
    /// <param name="opcode">Which.</param>
    /// <param name="commandId">Its identifier, not in use on its queue.</param>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="startingLba">First logical block.</param>
    /// <param name="blockCount">1 to 65,536.</param>
    /// <param name="data">Where the data is; <c>default</c> = there is none.</param>
    public static NvmeCommand OnBlocks(
        NvmeIoOpcode opcode, ushort commandId, uint namespaceId, ulong startingLba, int blockCount, NvmeSgl data = default) => new()
        {
            Opcode = (byte)opcode,
            Psdt = PsdtSgl,
            CommandId = commandId,
            NamespaceId = namespaceId,
            Data = data == default ? NvmeSgl.Transport(0) : data,
            Cdw10 = (uint)startingLba,
            Cdw11 = (uint)(startingLba >> 32),
            Cdw12 = checked((ushort)(blockCount - 1)),
        };

    /// <summary>The same with FUA.</summary>
    public NvmeCommand WithForceUnitAccess() => this with { Cdw12 = Cdw12 | (1u << 30) };

    public static NvmeCommand Read(ReadOnlySpan<byte> source)
    {
        source = source[..SizeBytes];
        return new NvmeCommand
        {
            Opcode = source[0],
            Fuse = (NvmeFuse)(source[1] & 3),
            Psdt = (byte)(source[1] >> 6),
            CommandId = BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
            NamespaceId = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            Data = NvmeSgl.Read(source[24..]),
            Cdw10 = BinaryPrimitives.ReadUInt32LittleEndian(source[40..]),
            Cdw11 = BinaryPrimitives.ReadUInt32LittleEndian(source[44..]),
            Cdw12 = BinaryPrimitives.ReadUInt32LittleEndian(source[48..]),
            Cdw13 = BinaryPrimitives.ReadUInt32LittleEndian(source[52..]),
            Cdw14 = BinaryPrimitives.ReadUInt32LittleEndian(source[56..]),
            Cdw15 = BinaryPrimitives.ReadUInt32LittleEndian(source[60..]),
        };
    }

    public void Write(Span<byte> destination)
    {
        destination = destination[..SizeBytes];
        destination[8..24].Clear();
        destination[0] = Opcode;
        destination[1] = (byte)((int)Fuse | (Psdt << 6));
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], CommandId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], NamespaceId);
        Data.Write(destination[24..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[40..], Cdw10);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[44..], Cdw11);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[48..], Cdw12);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[52..], Cdw13);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[56..], Cdw14);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[60..], Cdw15);
    }
}

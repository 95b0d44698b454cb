namespace BlockEmu.Protocol.Nvme;

/// <summary>Opcodes on an I/O queue (Base 7, NVM Command Set 3). Bits 1:0 say where data goes: 01 to the controller, 10 to the
/// host, 00 nowhere.</summary>
public enum NvmeIoOpcode : byte
{
    Flush = 0x00,
    Write = 0x01,
    Read = 0x02,
    WriteUncorrectable = 0x04,
    Compare = 0x05,
    WriteZeroes = 0x08,
    DatasetManagement = 0x09,
    Verify = 0x0C,
    Copy = 0x19,

    /// <summary>What it is stands in <see cref="NvmeCommand.FabricsType"/>.</summary>
    Fabrics = 0x7F,
}

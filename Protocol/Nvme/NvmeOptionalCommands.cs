namespace BlockEmu.Protocol.Nvme;

/// <summary>ONCS, commands that a controller need not have (Base 5.17.2.1, bytes 521:520).</summary>
[Flags]
public enum NvmeOptionalCommands : ushort
{
    None = 0,
    Compare = 1 << 0,
    WriteUncorrectable = 1 << 1,
    DatasetManagement = 1 << 2,
    WriteZeroes = 1 << 3,

    /// <summary>The select field of Get Features and the save field of Set Features.</summary>
    SaveAndSelect = 1 << 4,
    Verify = 1 << 7,
    Copy = 1 << 8,
}

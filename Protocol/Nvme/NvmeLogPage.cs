namespace BlockEmu.Protocol.Nvme;

/// <summary>LID, log page identifiers (Base 5.16).</summary>
public enum NvmeLogPage : byte
{
    SupportedPages = 0x00,
    Errors = 0x01,
    Health = 0x02,
    Firmware = 0x03,
    ChangedNamespaces = 0x04,
    Effects = 0x05,
    Discovery = 0x70,
}

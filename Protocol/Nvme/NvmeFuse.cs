namespace BlockEmu.Protocol.Nvme;

/// <summary>FUSE, bits 1:0 of byte 1 of a command (Base 3.3.2, "Common Command Format").</summary>
public enum NvmeFuse : byte
{
    Normal = 0,
    First = 1,
    Second = 2,
    Invalid = 3,
}

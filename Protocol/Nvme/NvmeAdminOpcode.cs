namespace BlockEmu.Protocol.Nvme;

/// <summary>Opcodes on the admin queue (Base 5; NVMe over Fabrics knows no queue creation commands).</summary>
public enum NvmeAdminOpcode : byte
{
    GetLogPage = 0x02,
    Identify = 0x06,
    Abort = 0x08,
    SetFeatures = 0x09,
    GetFeatures = 0x0A,
    AsynchronousEventRequest = 0x0C,
    KeepAlive = 0x18,

    /// <summary>What it is stands in <see cref="NvmeCommand.FabricsType"/>.</summary>
    Fabrics = 0x7F,
}

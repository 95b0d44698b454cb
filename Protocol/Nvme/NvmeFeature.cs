namespace BlockEmu.Protocol.Nvme;

/// <summary>FID, feature identifiers (Base 5.27).</summary>
public enum NvmeFeature : byte
{
    Arbitration = 0x01,
    PowerManagement = 0x02,
    TemperatureThreshold = 0x04,
    ErrorRecovery = 0x05,
    VolatileWriteCache = 0x06,
    NumberOfQueues = 0x07,
    WriteAtomicityNormal = 0x0A,
    AsynchronousEventConfiguration = 0x0B,
    KeepAliveTimer = 0x0F,
}

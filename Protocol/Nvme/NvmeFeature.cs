namespace BlockEmu.Protocol.Nvme;

/// <summary>FID, feature identifiers (Base 5.27).</summary>
public enum NvmeFeature : byte
{
    NumberOfQueues = 0x07,
    VolatileWriteCache = 0x06,
    WriteAtomicityNormal = 0x0A,
    AsynchronousEventConfiguration = 0x0B,
    KeepAliveTimer = 0x0F,
}

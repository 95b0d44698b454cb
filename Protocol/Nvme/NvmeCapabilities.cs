namespace BlockEmu.Protocol.Nvme;

/// <summary>CAP, "Controller Capabilities" (Base 3.1.4.1).</summary>
/// <remarks>
/// Bits: 15:0 MQES, entries, 0's based; 16 CQR; 31:24 TO, 500 ms; 37 NVM command set, 43 I/O command set selection; 51:48 MPSMIN
/// and 55:52 MPSMAX, 0 = 4 KiB. What is not named is 0.
/// </remarks>
/// <param name="MaxQueueEntries">Entries of the largest queue, 2 to 65,536.</param>
/// <param name="TimeoutHalfSeconds">How long the host waits for <c>CSTS.RDY</c>.</param>
public readonly record struct NvmeCapabilities(int MaxQueueEntries, byte TimeoutHalfSeconds)
{
    private const ulong ContiguousQueues = 1ul << 16;
    private const ulong NvmCommandSet = 1ul << 37;

    public static NvmeCapabilities FromValue(ulong value) => new((ushort)value + 1, (byte)(value >> 24));

    public ulong ToValue() =>
        checked((ushort)(MaxQueueEntries - 1)) | ContiguousQueues | ((ulong)TimeoutHalfSeconds << 24) | NvmCommandSet;
}

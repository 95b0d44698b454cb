namespace BlockEmu.Protocol.Nvme;

/// <summary>CC, "Controller Configuration" (Base 3.1.4.5).</summary>
/// <remarks>Bits: 0 EN; 6:4 CSS; 10:7 MPS; 13:11 AMS; 15:14 SHN; 19:16 IOSQES and 23:20 IOCQES, powers of two.</remarks>
public readonly record struct NvmeConfiguration(uint Value)
{
    /// <summary>What Linux sets: enabled, NVM command set, entries of 64 and 16 bytes.</summary>
    public static NvmeConfiguration Enabled => new(0x46_0001);

    public bool IsEnabled => (Value & 1) != 0;

    /// <summary>CSS: 0 = the NVM command set.</summary>
    public int CommandSet => (int)(Value >> 4) & 7;

    /// <summary>MPS: 0 = 4 KiB.</summary>
    public int MemoryPageSize => (int)(Value >> 7) & 0xF;

    /// <summary>AMS: 0 = round robin.</summary>
    public int Arbitration => (int)(Value >> 11) & 7;

    /// <summary>SHN: 0 = none, 1 = normal, 2 = abrupt.</summary>
    public int ShutdownNotice => (int)(Value >> 14) & 3;

    public int SubmissionEntryShift => (int)(Value >> 16) & 0xF;

    public int CompletionEntryShift => (int)(Value >> 20) & 0xF;

    public NvmeConfiguration WithShutdown(int notice) => new((Value & ~(3u << 14)) | ((uint)notice << 14));

    public NvmeConfiguration Disabled() => new(Value & ~1u);
}

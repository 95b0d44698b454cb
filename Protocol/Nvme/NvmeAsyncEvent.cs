namespace BlockEmu.Protocol.Nvme;

/// <summary>DW0 of a completed Asynchronous Event Request (Base 5.2).</summary>
/// <remarks>Bits 2:0 type; 15:8 information; 23:16 the log page whose reading lets the next event of this kind come.</remarks>
public readonly record struct NvmeAsyncEvent(byte Type, byte Information, NvmeLogPage Page)
{
    private const byte Health = 1;
    private const byte Notice = 2;

    /// <summary>A temperature is beyond a threshold: <see cref="NvmeLogPage.Health"/> says so.</summary>
    public static NvmeAsyncEvent TemperatureThreshold => new(Health, 0x01, NvmeLogPage.Health);

    /// <summary>Something about a namespace has changed: <see cref="NvmeLogPage.ChangedNamespaces"/> says of which.</summary>
    public static NvmeAsyncEvent NamespaceChanged => new(Notice, 0x00, NvmeLogPage.ChangedNamespaces);

    /// <summary>There are other subsystems now.</summary>
    public static NvmeAsyncEvent DiscoveryChanged => new(Notice, 0xF0, NvmeLogPage.Discovery);

    public static NvmeAsyncEvent FromDw0(uint dw0) => new((byte)(dw0 & 7), (byte)(dw0 >> 8), (NvmeLogPage)(byte)(dw0 >> 16));

    public uint ToDw0() => Type | ((uint)Information << 8) | ((uint)Page << 16);
}

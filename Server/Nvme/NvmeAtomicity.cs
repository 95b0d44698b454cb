using BlockEmu.Device.Geometry;

namespace BlockEmu.Server.Nvme;

/// <summary>A disk's promises as Identify says them (NVM Command Set 2.1.4): in logical blocks, 0's based, and a namespace's 0 means
/// "as the controller's".</summary>
/// <remarks>
/// <list type="number">
/// <item><description>The namespace's fields carry what is in force, always: Linux 7.0 and later reads NAWUPF and nothing else.</description></item>
/// <item><description>With boundaries the controller's fields are 0, one block: that is all that is kept for a command which
/// crosses one, and the real values stand in the namespace (2.1.4.4).</description></item>
/// <item><description>A unit of one block is said by the 0 of both. A boundary of one block cannot be said, and need not be: a unit is
/// never larger than its boundary, and one block never crosses any.</description></item>
/// </list>
/// </remarks>
internal readonly record struct NvmeAtomicity
{
    /// <summary>What these options say, and how a disk would like to be used.</summary>
    public NvmeAtomicity(DiskOptions options, NvmePreferences preferences)
    {
        AtomicityParameters p = options.EffectiveAtomicity;
        int block = options.BlockSizeBytes;
        bool hasBoundary = p.NabsnBytes != 0 || p.NabspfBytes != 0;
        Awun = hasBoundary ? (ushort)0 : ZeroBased(p.AwunBytes);
        Awupf = hasBoundary ? (ushort)0 : ZeroBased(p.AwupfBytes);
        Acwu = hasBoundary ? (ushort)0 : ZeroBased(p.AcwuBytes);
        Nawun = ZeroBased(p.EffectiveAwunBytes);
        Nawupf = ZeroBased(p.EffectiveAwupfBytes);
        Nacwu = ZeroBased(p.EffectiveAcwuBytes);
        Nabsn = ZeroBased(p.NabsnBytes);
        Nabspf = ZeroBased(p.NabspfBytes);
        Nabo = (ushort)(p.NaboBytes / block);
        IsMultiple = p.Mam;
        Npwg = ZeroBased(
            preferences.WriteGranularityBytes == 0 ? NvmePreferences.DefaultGranularity(p.EffectiveAwupfBytes) : preferences.WriteGranularityBytes);
        Noiob = (ushort)(preferences.IoBoundaryBytes / block);

        ushort ZeroBased(long bytes) => bytes == 0 ? (ushort)0 : checked((ushort)((bytes / block) - 1));
    }

    public ushort Awun { get; }

    public ushort Awupf { get; }

    public ushort Acwu { get; }

    public ushort Nawun { get; }

    public ushort Nawupf { get; }

    public ushort Nacwu { get; }

    public ushort Nabsn { get; }

    public ushort Nabo { get; }

    public ushort Nabspf { get; }

    /// <summary>MAM.</summary>
    public bool IsMultiple { get; }

    /// <summary>NPWG and NPWA.</summary>
    public ushort Npwg { get; }

    /// <summary>NOIOB.</summary>
    public ushort Noiob { get; }
}

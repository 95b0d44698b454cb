using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Targets;

/// <summary>An export of every state, and of every shape that judges requests differently.</summary>
internal sealed class FuzzCatalog : INbdExportCatalog
{
    private const NbdTransmissionFlags Everything =
        NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua | NbdTransmissionFlags.SendTrim
        | NbdTransmissionFlags.SendWriteZeroes | NbdTransmissionFlags.SendFastZero | NbdTransmissionFlags.SendCache | NbdTransmissionFlags.CanMultiConn;

    /// <summary>What a session without TLS must never read of the export that is for TLS only.</summary>
    public const string Secret = "hush";

    private static readonly NbdExport s_secret =
        new() { Name = "secret", SizeBytes = 1 << 20, Flags = Everything, Description = Secret, IsTlsOnly = true };

    private static readonly NbdExport[] s_exports =
    [
        new()
        {
            Name = "disk0", SizeBytes = 1 << 20, Flags = Everything, Description = "for people",
            MetaContexts = ["base:allocation", "x-blockemu:durability"],
        },
        new() { Name = "ro", SizeBytes = 12345, Flags = Everything | NbdTransmissionFlags.ReadOnly },
        new() { Name = "grid", SizeBytes = 1L << 62, Flags = Everything, BlockSizes = new NbdBlockSizes(4096, 4096, 1 << 20) },
        s_secret,
        new() { Name = "poor", SizeBytes = 0, Flags = NbdTransmissionFlags.HasFlags },
    ];

    public IEnumerable<NbdExport> List() => s_exports;

    public NbdExportState Find(string name, out NbdExport? export)
    {
        export = name.Length == 0 ? s_exports[0] : Array.Find(s_exports, e => string.Equals(e.Name, name, StringComparison.Ordinal));
        NbdExportState state = export is not null ? NbdExportState.Ready : name switch
        {
            "secret-off" => NbdExportState.Silent,
            "off" => NbdExportState.ShutDown,
            "silent" => NbdExportState.Silent,
            "reset" => NbdExportState.Resetting,
            _ => NbdExportState.Unknown,
        };
        export ??= name == "secret-off" ? s_secret : null;
        return state;
    }
}

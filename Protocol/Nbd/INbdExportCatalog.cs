namespace BlockEmu.Protocol.Nbd;

/// <summary>What a negotiation may know of the exports.</summary>
public interface INbdExportCatalog
{
    /// <summary>Every export that LIST shows, whatever its state.</summary>
    IEnumerable<NbdExport> List();

    /// <summary>Looks a name up; the empty name is the default export. The export is set when the state is Ready.</summary>
    NbdExportState Find(string name, out NbdExport? export);
}

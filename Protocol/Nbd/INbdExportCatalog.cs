namespace BlockEmu.Protocol.Nbd;

/// <summary>What a negotiation may know of the exports.</summary>
public interface INbdExportCatalog
{
    /// <summary>Every export that LIST may show, whatever its state. Who may see it is not the catalog's business.</summary>
    IEnumerable<NbdExport> List();

    /// <summary>Looks a name up; the empty name is the default export. The export is set when the state is Ready, and has to
    /// be in every other state of one that <see cref="NbdExport.IsTlsOnly"/>.</summary>
    NbdExportState Find(string name, out NbdExport? export);
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>What a session may ask for and see, by the server's mode and whether the session has TLS by now.</summary>
internal sealed class NbdTlsGate(INbdExportCatalog catalog, NbdTlsMode mode)
{
    /// <summary>Whether STARTTLS is known here.</summary>
    public bool IsOffered => mode != NbdTlsMode.Off;

    /// <summary>Whether the session has TLS.</summary>
    public bool IsSecure { get; private set; }

    /// <summary>Whether INFO and GO answer an unknown name with TLS_REQD: there may be an export of that name for all that
    /// this client shall know.</summary>
    public bool HidesNames => mode == NbdTlsMode.Selective && !IsSecure;

    /// <summary>From now on the session has TLS.</summary>
    public void Open() => IsSecure = true;

    /// <summary>Whether an option is refused whatever it says: TLS comes first.</summary>
    public bool Bars(NbdOption option) =>
        mode == NbdTlsMode.Required && !IsSecure && option is not (NbdOption.StartTls or NbdOption.Abort);

    /// <summary>The exports that this session may know of.</summary>
    public IEnumerable<NbdExport> List() => catalog.List().Where(e => IsSecure || !e.IsTlsOnly);

    /// <summary>What a name leads to in this session: a TLS-only export, whatever its power, is not there before TLS.</summary>
    public NbdExportState Find(string name, out NbdExport? export)
    {
        NbdExportState state = catalog.Find(name, out export);
        if (IsSecure || export is not { IsTlsOnly: true })
        {
            return state;
        }

        export = null;
        return NbdExportState.Unknown;
    }
}

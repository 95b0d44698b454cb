namespace BlockEmu.Fuzz.Cases;

/// <summary>Who is spoken to.</summary>
public enum CaseSide
{
    NbdServer,
    NbdClient,
    NvmeController,
    NvmeHost,
}

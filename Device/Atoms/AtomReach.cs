namespace BlockEmu.Device.Atoms;

/// <summary>How far one atom of a command may reach: what a host that writes page by page could tear.</summary>
internal enum AtomReach : byte
{
    /// <summary>One logical block: nothing to tear.</summary>
    Block,

    /// <summary>More blocks, within one page: torn only where the page is written in more than one piece.</summary>
    Page,

    /// <summary>More than one page.</summary>
    Pages,
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>What both sides agreed on when haggling ended.</summary>
public sealed record NbdSessionTerms(NbdExport Export)
{
    /// <summary>How requests are answered.</summary>
    public NbdReplyStyle Replies { get; init; }

    /// <summary>The contexts a BLOCK_STATUS answers for; with none it is not valid.</summary>
    public IReadOnlyList<NbdMetaContext> Contexts { get; init; } = [];
}

namespace BlockEmu.Cli.Probe;

/// <summary>What became of the writes of one kind.</summary>
internal sealed class CutCounts
{
    public long Kept { get; set; }

    public long Lost { get; set; }

    public long Torn { get; set; }

    public long All => Kept + Lost + Torn;
}

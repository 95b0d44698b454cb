namespace BlockEmu.Cli.Load;

/// <summary>One case on one target: the samples of all rounds, or why there are none.</summary>
internal sealed record LoadResult(LoadCase Load, NbdUri Uri, string? Obstacle)
{
    /// <summary>The busiest thread above which the figure is the generator's, not the server's.</summary>
    public const double BusyThread = 0.9;

    public List<LoadSample> Samples { get; } = [];

    public long Errors => Samples.Sum(static s => s.Errors);

    /// <summary>Whether the generator may have been what was measured.</summary>
    public bool IsClientTheLimit => Samples.Count > 0 && Median(static s => s.BusiestThread) > BusyThread;

    public double MaxMicroseconds => Samples.Max(static s => s.MaxMicroseconds);

    /// <summary>What the case is about: requests or bytes each second.</summary>
    public double Rate => Median(Load.IsAboutBytes ? static s => s.MegabytesPerSecond : static s => s.Iops);

    /// <summary>The middle of the rounds.</summary>
    public double Median(Func<LoadSample, double> of)
    {
        double[] sorted = [.. Samples.Select(of).Order()];
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

namespace BlockEmu.Cli.Load;

/// <summary>All cases on all targets, in turn (A B A B ...), so that a machine that slows down slows all of them.</summary>
internal sealed class LoadSeries(IReadOnlyList<LoadTarget> targets, IReadOnlyList<LoadCase> cases, LoadSettings settings)
{
    /// <summary>For each case a result for each target, in their order.</summary>
    public IReadOnlyList<IReadOnlyList<LoadResult>> Run(Action<string> tell)
    {
        LoadResult[][] results =
        [
            .. cases.Select(load => targets.Select(t =>
                new LoadResult(load, t.Uri, t.FindObstacle(load, settings.SpanBytes))).ToArray()),
        ];
        for (int round = 0; round < settings.Rounds; round++)
        {
            for (int c = 0; c < cases.Count; c++)
            {
                for (int t = 0; t < targets.Count; t++)
                {
                    if (results[c][t].Obstacle is null)
                    {
                        tell($"round {round + 1} of {settings.Rounds}: {cases[c].Name} on {targets[t].Uri}");
                        results[c][t].Samples.Add(targets[t].Measure(cases[c], settings, settings.Seed + (ulong)round));
                    }
                }
            }
        }

        return results;
    }
}

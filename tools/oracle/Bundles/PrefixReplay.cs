namespace BlockEmu.Oracle.Bundles;

/// <summary>Which units a prefix holds, under <c>fifo</c> and <c>epoch</c> (docs/bundle-format.md, section 4).</summary>
internal sealed class PrefixReplay
{
    private readonly BundleManifest _manifest;
    private readonly SurvivalUnits[] _units;
    private readonly long[] _positionsBefore;
    private readonly long _length;

    public PrefixReplay(BundleManifest manifest, SurvivalUnits[] units)
    {
        _manifest = manifest;
        _units = units;
        _positionsBefore = new long[units.Length];
        long positions = 0;
        for (int i = 0; i < units.Length; i++)
        {
            _positionsBefore[i] = positions;
            positions += manifest.Pending[i].Sequence > manifest.NewestRequiredSequence ? units[i].LiveCount : 0;
        }

        _length = manifest.Loss.Kind == LossRuleKind.Epoch
            ? DrawBorder(positions)
            : Coin.Pick(Coin.Hash(manifest.Seed, 0xF1F0), positions + 1);
    }

    /// <summary>Whether a live unit lies in it.</summary>
    public bool Holds(int command, long unit) =>
        _manifest.Pending[command].Sequence <= _manifest.NewestRequiredSequence
        || _positionsBefore[command] + _units[command].RankOf(unit) < _length;

    private long DrawBorder(long positions)
    {
        SortedSet<long> borders = [0, positions];
        int next = 0;
        foreach (long flush in _manifest.FlushBorders)
        {
            while (next < _units.Length && _manifest.Pending[next].Sequence <= flush)
            {
                next++;
            }

            borders.Add(next < _units.Length ? _positionsBefore[next] : positions);
        }

        return borders.ElementAt((int)Coin.Pick(Coin.Hash(_manifest.Seed, 0xE90C), borders.Count));
    }
}

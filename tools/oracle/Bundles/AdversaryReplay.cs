namespace BlockEmu.Oracle.Bundles;

/// <summary>What <c>adversary</c> keeps (docs/bundle-format.md, section 4).</summary>
internal sealed class AdversaryReplay
{
    private const ulong FirstExtraCoin = 1UL << 63;
    private readonly BundleManifest _manifest;
    private readonly SurvivalUnits[] _units;
    private readonly int _border = -1;
    private readonly bool _isAlone;

    public AdversaryReplay(BundleManifest manifest, SurvivalUnits[] units)
    {
        _manifest = manifest;
        _units = units;
        int[] losable =
            [.. Enumerable.Range(0, units.Length).Where(i => units[i].LiveCount > 0 && !manifest.Pending[i].MustSurvive)];
        int[] covered = Array.FindAll(losable, i => manifest.Pending[i].IsFlushCovered);
        int[] drawn = covered.Length > 0 ? covered : losable;
        _isAlone = drawn.Length == 1;
        if (drawn.Length > 0)
        {
            _border = _isAlone ? drawn[0] : drawn[1 + Coin.Pick(Coin.Hash(manifest.Seed, 0xADE5), drawn.Length - 1)];
        }
    }

    /// <summary>Whether a live unit of a command that need not survive does.</summary>
    public bool Survives(int command, long unit)
    {
        if (command < _border)
        {
            return false;
        }

        long sequence = _manifest.Pending[command].Sequence;
        long units = _units[command].LiveCount;
        bool isTorn = units > 1 && (command == _border || Toss(sequence, 0));
        if (!isTorn)
        {
            return command > _border || !_isAlone;
        }

        long headUnits = 1 + Coin.Pick(Coin.Hash(Coin.Hash(_manifest.Seed, (ulong)sequence), FirstExtraCoin + 1), units - 1);
        bool isInHead = _units[command].RankOf(unit) < headUnits;
        return isInHead == Toss(sequence, 2);
    }

    private bool Toss(long sequence, ulong extra) =>
        Coin.Toss(_manifest.Seed, sequence, unchecked((long)(FirstExtraCoin + extra)), 0.5);
}

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>What <c>adversary</c> makes of a <see cref="BundleCase"/>, from docs/bundle-format.md, word by word.</summary>
internal sealed class AdversaryCase
{
    private readonly Dictionary<(long Sequence, int Unit), bool> _survives = [];

    public AdversaryCase(ulong seed, IReadOnlyList<BundlePending> pending)
    {
        BundlePending[] losable = [.. pending.Where(p => p.LiveBlocks().Any() && !p.MustSurvive)];
        BundlePending[] covered = [.. losable.Where(p => p.IsFlushCovered)];
        BundlePending[] drawn = covered.Length == 0 ? losable : covered;
        if (drawn.Length == 0)
        {
            return;
        }

        int number = drawn.Length == 1 ? 0 : 1 + BundleCase.Pick(Bundles.Coin.Hash(seed, 0xADE5), drawn.Length - 1);
        BundlePending border = drawn[number];
        foreach (BundlePending command in losable)
        {
            int[] units = command.LiveUnits();
            ulong Draw(ulong k) => Bundles.Coin.Hash(Bundles.Coin.Hash(seed, (ulong)command.Sequence), k);
            bool Heads(ulong k) => Draw(k) >> 63 == 0; // the top bit decides a fair coin
            bool isTorn = units.Length > 1
                && (command == border || (command.Sequence > border.Sequence && Heads(0x8000_0000_0000_0000)));
            int head = units.Length > 1 ? 1 + BundleCase.Pick(Draw(0x8000_0000_0000_0001), units.Length - 1) : 0;
            for (int i = 0; i < units.Length; i++)
            {
                _survives[(command.Sequence, units[i])] =
                    isTorn ? (i < head) == Heads(0x8000_0000_0000_0002)
                    : command == border ? drawn.Length > 1
                    : command.Sequence > border.Sequence;
            }
        }
    }

    public bool Survives(BundlePending command, int unit) => _survives.GetValueOrDefault((command.Sequence, unit));
}

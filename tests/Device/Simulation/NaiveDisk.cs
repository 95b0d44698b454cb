using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Bundles;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A second disk, written from the semantics alone: lists that are searched from end to end. It knows no pages, no pieces and
/// no order of destaging; which steps were destaged it is told.</summary>
/// <remarks>A block's content is a number. The coins of a cut are those that docs/bundle-format.md defines, in the oracle's
/// words.</remarks>
internal sealed class NaiveDisk(DiskOptions options)
{
    private readonly List<NaiveStep> _steps = [];
    private readonly int _block = options.BlockSizeBytes;
    private ulong[] _first = new ulong[options.SizeBytes / options.BlockSizeBytes];

    public int Blocks => _first.Length;

    /// <summary>A step became visible.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="accepted">What held when its command was accepted.</param>
    /// <param name="hasPayload">Counts towards the cache's size.</param>
    /// <param name="first">Its first block.</param>
    /// <param name="contents">What they hold.</param>
    public void Step(long sequence, DiskOptions accepted, bool hasPayload, int first, ulong[] contents) => _steps.Add(new NaiveStep
    {
        Sequence = sequence,
        HasPayload = hasPayload,
        First = first,
        Contents = contents,
        AtomOf = CutIntoAtoms(accepted, first, contents.Length),
    });

    /// <summary>Semantics 3: FUA, and every command with the cache off, is persistent when it is acknowledged.</summary>
    public void Acknowledge(long sequence, bool isFua)
    {
        NaiveStep step = _steps.FindLast(s => s.Sequence == sequence)!;
        step.IsAcknowledged = true;
        step.IsPersistent |= isFua || options.CacheBytes == 0;
    }

    /// <summary>False: there is no such step.</summary>
    public bool Destage(long sequence)
    {
        NaiveStep? step = _steps.Find(s => s.Sequence == sequence);
        if (step is not null)
        {
            step.IsPersistent = true;
        }

        return step is not null;
    }

    /// <summary>What a flush covers that is accepted now.</summary>
    public IReadOnlyList<NaiveStep> AcceptFlush() => _steps.FindAll(static s => s.IsAcknowledged);

    public static void AcknowledgeFlush(IReadOnlyList<NaiveStep> covered)
    {
        foreach (NaiveStep step in covered)
        {
            step.IsPersistent = true;
        }
    }

    /// <summary>Semantics 1 and 6: whether a command must become visible at once.</summary>
    public bool IsOneStep(DiskOptions accepted, int first, int count)
    {
        AtomicityParameters promise = accepted.EffectiveAtomicity;
        bool isWithinAwun = !promise.Dn && (long)count * _block <= promise.EffectiveAwunBytes
            && !Enumerable.Range(first + 1, count - 1).Any(b => IsBoundary(promise, b, promise.NabsnBytes));
        return accepted.Isolation.Mode switch
        {
            IsolationMode.Page or IsolationMode.HandOverHand => false,
            IsolationMode.Nvme => isWithinAwun || CutIntoAtoms(accepted, first, count)[^1] == 0,
            _ => true,
        };
    }

    /// <summary>What a read shows.</summary>
    public ulong Visible(int block) => _steps.FindLast(s => s.Covers(block)) is { } step ? step.Contents[block - step.First] : _first[block];

    /// <summary>Payload bytes of pending atoms, every version counted: neither persistent nor below a newer persistent one.</summary>
    public long CountCachedBytes()
    {
        long blocks = 0;
        int[] newest = NewestPersistent();
        for (int i = 0; i < _steps.Count; i++)
        {
            NaiveStep step = _steps[i];
            for (int block = step.First; step.HasPayload && !step.IsPersistent && block < step.First + step.Contents.Length; block++)
            {
                blocks += newest[block] < i ? 1 : 0;
            }
        }

        return blocks * _block;
    }

    /// <summary>What a cut must leave; <see langword="null"/> = the model says no more than what is legal.</summary>
    public ulong[]? Predict(LossModel loss, ulong seed) => loss.Kind switch
    {
        LossModelKind.LoseAll => Platter(static (_, _) => false),
        LossModelKind.KeepAll => Platter((step, atom) => step.IsAcknowledged || Coin.Toss(seed, step.Sequence, atom, 0.5)),
        LossModelKind.Random => Platter((step, atom) => Coin.Toss(seed, step.Sequence, atom, loss.Probability)),
        LossModelKind.Explicit => Platter((step, atom) => loss.Atoms.Any(
            a => a.Sequence == step.Sequence && atom >= a.FirstAtom && atom <= a.LastAtom)),
        _ => null,
    };

    /// <summary>Semantics 4: whether a platter is a prefix: all that comes before a step's atom, and nothing from there on, but for
    /// what is persistent.</summary>
    public bool IsPrefix(ReadOnlySpan<ulong> platter)
    {
        int newest = _steps.FindLastIndex(s => s.IsPersistent);
        for (int last = newest; last < _steps.Count; last++)
        {
            int atoms = last < 0 ? 1 : _steps[last].AtomOf[^1] + 1;
            for (int kept = last == newest ? atoms : 1; kept <= atoms; kept++)
            {
                long border = last < 0 ? 0 : _steps[last].Sequence;
                int within = kept;
                ulong[] prefix = Platter((step, atom) => step.Sequence < border || (step.Sequence == border && atom < within));
                if (platter.SequenceEqual(prefix))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The power is back: what the platter holds is all there is.</summary>
    public void Restart(ulong[] platter)
    {
        _first = platter;
        _steps.Clear();
    }

    /// <summary>Of each block: the newest persistent step, as an index; -1 = none.</summary>
    private int[] NewestPersistent()
    {
        int[] newest = new int[Blocks];
        newest.AsSpan().Fill(-1);
        for (int i = 0; i < _steps.Count; i++)
        {
            if (_steps[i].IsPersistent)
            {
                newest.AsSpan(_steps[i].First, _steps[i].Contents.Length).Fill(i);
            }
        }

        return newest;
    }

    /// <summary>The effect of what is persistent and of what survives, in the order of the steps, on the first content. An older
    /// version never comes back over a newer persistent one: it would be written before it.</summary>
    private ulong[] Platter(Func<NaiveStep, int, bool> survives)
    {
        ulong[] platter = [.. _first];
        foreach (NaiveStep step in _steps)
        {
            for (int i = 0; i < step.Contents.Length; i++)
            {
                if (step.IsPersistent || survives(step, step.AtomOf[i]))
                {
                    platter[step.First + i] = step.Contents[i];
                }
            }
        }

        return platter;
    }

    /// <summary>Semantics 2.</summary>
    private int[] CutIntoAtoms(DiskOptions accepted, int first, int count)
    {
        AtomicityParameters promise = accepted.EffectiveAtomicity;
        int[] atomOf = new int[count];
        bool crosses = Enumerable.Range(first + 1, count - 1).Any(b => IsBoundary(promise, b, promise.NabspfBytes));
        if (!crosses && (long)count * _block <= promise.EffectiveAwupfBytes)
        {
            return atomOf;
        }

        int atom = -1;
        for (int i = 0; i < count; i++)
        {
            bool beginsPiece = i == 0 || (promise.Mam && IsBoundary(promise, first + i, promise.NabspfBytes));
            int piece = i;
            while (promise.Mam && crosses && piece > 0 && !IsBoundary(promise, first + piece, promise.NabspfBytes))
            {
                piece--;
            }

            int end = i + 1;
            while (end < count && !IsBoundary(promise, first + end, promise.NabspfBytes))
            {
                end++;
            }

            bool isWholePiece = promise.Mam && crosses && (long)(end - piece) * _block <= promise.EffectiveAwupfBytes;
            atom += beginsPiece || !isWholePiece ? 1 : 0;
            atomOf[i] = atom;
        }

        return atomOf;
    }

    /// <summary>Whether a boundary lies before a block.</summary>
    private bool IsBoundary(AtomicityParameters promise, int block, long boundaryBytes)
    {
        long offset = ((long)block * _block) - promise.NaboBytes;
        return boundaryBytes != 0 && offset >= 0 && offset % boundaryBytes == 0;
    }
}

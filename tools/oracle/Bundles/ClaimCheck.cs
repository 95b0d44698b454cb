using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Bundles;

/// <summary>What a command's outcome, kept and lost ranges demand of its atoms.</summary>
internal static class ClaimCheck
{
    /// <summary>Why a claim cannot be, whatever the platter shows; <see langword="null"/> when it can.</summary>
    public static string? Contradiction(BundleCommand command, AtomLayout atoms)
    {
        if ((command.Outcome == BundleOutcome.Superseded) != (command.Live.Count == 0))
        {
            return $"is said to be {command.Outcome} with {command.Live.Count} live ranges";
        }

        foreach (Extent lost in command.Lost)
        {
            if (MeetsAtomsOf(lost, command.Kept, atoms) is { } kept)
            {
                return $"an atom is said to be kept at {kept.OffsetBytes}+{kept.LengthBytes} and lost at "
                    + $"{lost.OffsetBytes}+{lost.LengthBytes}";
            }
        }

        List<Extent> live = ExtentSet.Union(command.Live);
        List<Extent> told = ExtentSet.Union(command.Kept.Concat(command.Lost));
        bool isComplete = command.RangesOmitted == 0;
        if (told.Exists(t => !Holds(live, t)) || (isComplete && !told.SequenceEqual(live)))
        {
            return "the ranges said to be kept and lost are not its live ranges";
        }

        bool isWrongOutcome = command.Outcome switch
        {
            BundleOutcome.Kept => command.Lost.Count > 0,
            BundleOutcome.Lost => command.Kept.Count > 0,
            BundleOutcome.Torn => isComplete && (command.Kept.Count == 0 || command.Lost.Count == 0),
            _ => false,
        };
        return isWrongOutcome ? $"is said to be {command.Outcome}, its ranges say otherwise" : null;
    }

    /// <summary>What the claim says of one atom.</summary>
    public static AtomFate FateOf(BundleCommand command, Extent atom) => command.Outcome switch
    {
        BundleOutcome.Kept => AtomFate.Kept,
        BundleOutcome.Lost => AtomFate.Lost,
        _ when ExtentSet.FirstMeeting(command.Kept, atom) is not null => AtomFate.Kept,
        _ when ExtentSet.FirstMeeting(command.Lost, atom) is not null => AtomFate.Lost,
        _ => AtomFate.Free,
    };

    private static Extent? MeetsAtomsOf(Extent range, IReadOnlyList<Extent> others, AtomLayout atoms)
    {
        long start = atoms.RangeOf(atoms.IndexOf(range.OffsetBytes)).OffsetBytes;
        long end = atoms.RangeOf(atoms.IndexOf(range.EndBytes - 1)).EndBytes;
        return ExtentSet.FirstMeeting(others, new Extent(start, end - start));
    }

    private static bool Holds(List<Extent> normal, Extent range) =>
        ExtentSet.FirstMeeting(normal, range) is { } found
        && found.OffsetBytes <= range.OffsetBytes && range.EndBytes <= found.EndBytes;
}

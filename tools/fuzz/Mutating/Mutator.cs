using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Mutating;

/// <summary>Makes a case out of another: by its fields first, then perhaps by its bytes.</summary>
public sealed class Mutator(Corpus corpus)
{
    private const int MaxFieldSteps = 4;
    private const int MaxByteSteps = 6;

    /// <summary>The case of this number in a run of this seed.</summary>
    public FuzzCase Make(ulong runSeed, ulong caseNumber) => Make(Chance.Of(runSeed, caseNumber), side: null);

    /// <summary>The next case of a stream; for one side, or for any.</summary>
    public FuzzCase Make(Chance chance, CaseSide? side)
    {
        CaseSide chosen = side ?? chance.Below(9) switch
        {
            < 4 => CaseSide.NbdServer,
            < 6 => CaseSide.NbdClient,
            < 8 => CaseSide.NvmeController,
            _ => CaseSide.NvmeHost,
        };
        FuzzCase[] kept = corpus.SaidTo(chosen);
        FuzzCase made = kept.Length > 0 && chance.OneIn(2) ? chance.Pick<FuzzCase>(kept) : chosen switch
        {
            CaseSide.NbdServer => new ClientSpeech(chance).Draw(),
            CaseSide.NbdClient => new ServerSpeech(chance).Draw(),
            CaseSide.NvmeController => new HostSpeech(chance).Draw(),
            _ => new ControllerSpeech(chance).Draw(),
        };
        if (!chance.OneIn(8))
        {
            FieldMutation fields = new(made, chance);
            for (int left = chance.Below(MaxFieldSteps + 1); left > 0; left--)
            {
                fields.Step();
            }

            made = fields.Result;
        }

        return chance.OneIn(3) ? MutateBytes(made, kept, chance) : made;
    }

    private static FuzzCase MutateBytes(FuzzCase made, FuzzCase[] kept, Chance chance)
    {
        ByteMutation bytes = new(made.ToBytes(), chance);
        for (int left = 1 + chance.Below(MaxByteSteps); left > 0; left--)
        {
            bytes.Step(kept);
        }

        return FuzzCase.OfBytes(made.Kind, bytes.Result);
    }
}

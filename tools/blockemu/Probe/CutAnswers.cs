using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>What power cuts have shown.</summary>
internal static class CutAnswers
{
    public static IEnumerable<ProbeAnswer> Of(ProbeFindings findings)
    {
        (string Key, string Question)[] questions =
        [
            ("cache", "Is there a volatile write cache?"),
            ("flush", "Is a flush honoured?"),
            ("fua", "Is FUA honoured?"),
            ("cutUnitBytes", "Largest write never seen torn by a power cut"),
            ("cutBoundaryBytes", "... larger ones whole inside multiples of"),
            ("contract", "Was everything as clients had been told?"),
        ];
        if (findings.Cut is not { Cuts: > 0 } cut)
        {
            return questions.Select(static q => new ProbeAnswer(
                q.Key, q.Question, ProbeAnswer.Untested, "needs --cut-command and --restore-command, or --admin and --disk"));
        }

        (object Value, string Evidence)[] answers =
        [
            Cache(cut),
            Promise(findings, cut.CountsOf(CutGroup.Flushed), NbdTransmissionFlags.SendFlush, "flushed writes"),
            Promise(findings, cut.CountsOf(CutGroup.Fua), NbdTransmissionFlags.SendFua, "FUA writes"),
            Unit(cut),
            Boundary(cut),
            cut.Broken == 0
                ? ("kept", ProbeFindings.Text($"no cut of {cut.Cuts} left what nobody was told"))
                : ("broken", ProbeFindings.Text($"by {cut.Broken} of {cut.Cuts} cuts: {cut.Violations[0]}")),
        ];
        return questions.Zip(answers, static (q, a) => new ProbeAnswer(q.Key, q.Question, a.Value, a.Evidence));
    }

    private static (object, string) Cache(CutTrial cut)
    {
        CutCounts plain = cut.CountsOf(CutGroup.Plain);
        string evidence = ProbeFindings.Text(
            $"of {plain.All} answered writes {plain.Kept} were kept, {plain.Lost} lost, {plain.Torn} torn, over {cut.Cuts} cuts");
        return (plain.Kept < plain.All ? ProbeFindings.Yes : ProbeFindings.NotSeen, evidence);
    }

    private static (object, string) Promise(ProbeFindings findings, CutCounts counts, NbdTransmissionFlags flag, string what) =>
        !findings.Target.Has(flag) ? ("absent", "the server does not offer it")
        : counts.Kept < counts.All ? ("broken", ProbeFindings.Text($"{counts.Lost} of {counts.All} {what} were lost, {counts.Torn} torn"))
        : ("honoured", ProbeFindings.Text($"not seen otherwise in {counts.All} {what}"));

    /// <summary>Where all is kept, or all is lost, there is nothing to be torn.</summary>
    private static (object, string) Unit(CutTrial cut)
    {
        CutCounts plain = cut.CountsOf(CutGroup.Plain);
        return plain.Torn == 0 && plain.Kept == 0 ? (ProbeAnswer.Untested, "every write that could have been torn was lost")
            : plain.Torn == 0 && plain.Lost == 0 ? (ProbeAnswer.Untested, "every write that could have been torn was kept")
            : (cut.Table.UnitBytes, ProbeFindings.UnitEvidence(cut.Table));
    }

    private static (object, string) Boundary(CutTrial cut) => Unit(cut) is (string untested, string why)
        ? (untested, why)
        : (cut.Table.Boundary.BoundaryBytes, ProbeFindings.BoundaryEvidence(cut.Table));
}

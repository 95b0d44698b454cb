using System.Globalization;

namespace BlockEmu.Cli.Probe;

/// <summary>All that was seen, and the answers that it gives. Nothing is called impossible that was only not seen.</summary>
internal sealed record ProbeFindings(ProbeSettings Settings, ProbeTarget Target)
{
    public const string Yes = "yes";
    public const string NotSeen = "not seen";
    public const string Whole = "whole";
    public const string Part = "part";

    /// <summary>The answers' names, in their order.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "readersBesideReaders", "readersBesideWriters", "readerSees", "readerGoesBack", "writersBesideWriters", "writersBecome", "readUnitBytes",
        "readBoundaryBytes", "writeUnitBytes", "writeBoundaryBytes", "unfinishedWrite", "cache", "flush", "fua", "cutUnitBytes",
        "cutBoundaryBytes", "contract",
    ];

    /// <summary>How many connections the server took.</summary>
    public required int Connections { get; init; }

    /// <summary>Who waits for whom; <see langword="null"/> when one connection was all there was.</summary>
    public WaitTrial? Waits { get; init; }

    public required TearTable Reads { get; init; }

    public required long WentBack { get; init; }

    public required TearTable Mixes { get; init; }

    /// <summary>The power cuts; <see langword="null"/> when there was no way to cut.</summary>
    public CutTrial? Cut { get; set; }

    public IEnumerable<ProbeAnswer> Answers =>
    [
        Beside("readersBesideReaders", "Do readers run beside readers?", Waits?.ReadsBesideReads, 0, "while replies to another stood unread"),
        Beside(
            "readersBesideWriters", "Do readers run beside writers?", Waits?.ReadsBesideWrites, Reads.Torn,
            "while half a write's payload had been sent"),
        new("readerSees", "What of a write can a reader see?", Reads.Torn > 0 ? Part : Whole, Seen(Reads, "reads", "saw a part")),
        new(
            "readerGoesBack", "Can a reader see less than was answered?", WentBack > 0 ? Yes : NotSeen,
            Text($"{WentBack} of {Reads.Tries} reads did")),
        Beside(
            "writersBesideWriters", "Do writers run beside writers?", Waits?.WritesBesideWrites, Mixes.Torn,
            "while half of another's payload had been sent"),
        new("writersBecome", "What can two writers' bytes become?", Mixes.Torn > 0 ? "mixed" : Whole, Seen(Mixes, "pairs", "were mixed")),
        new("readUnitBytes", "Largest write never seen torn by readers", Reads.UnitBytes, UnitEvidence(Reads)),
        new("readBoundaryBytes", "... larger ones whole inside multiples of", Reads.Boundary.BoundaryBytes, BoundaryEvidence(Reads)),
        new("writeUnitBytes", "Largest write never seen mixed with another", Mixes.UnitBytes, UnitEvidence(Mixes)),
        new("writeBoundaryBytes", "... larger ones whole inside multiples of", Mixes.Boundary.BoundaryBytes, BoundaryEvidence(Mixes)),
        UnfinishedWrite(),
        .. CutAnswers.Of(this),
    ];

    private ProbeAnswer UnfinishedWrite() => Waits is null
        ? new("unfinishedWrite", "Does a write have effect before its payload is whole?", ProbeAnswer.Untested, "one connection only")
        : new(
            "unfinishedWrite", "Does a write have effect before its payload is whole?", Waits.UnfinishedWrites.Seen > 0 ? Yes : NotSeen,
            Text($"{Waits.UnfinishedWrites.Seen} of {Waits.UnfinishedWrites.Tries} that were given up half-way did"));

    private static ProbeAnswer Beside(string key, string question, WaitCount? waits, long torn, string meanwhile)
    {
        string seen = waits is null ? "one connection only" : Text($"{waits.Answered} of {waits.Tries} were answered {meanwhile}");
        string also = torn > 0 ? Text($"; and {torn} times their bytes were seen mixed") : "";
        object value = torn > 0 || waits?.Answered > 0 ? Yes : waits is null ? ProbeAnswer.Untested : NotSeen;
        return new ProbeAnswer(key, question, value, seen + also);
    }

    internal static string Seen(TearTable table, string what, string happened) => table.Torn > 0
        ? Text($"{table.Torn} of {table.Tries} {what} {happened}")
        : Text($"not seen otherwise in {table.Tries} {what}");

    internal static string UnitEvidence(TearTable table)
    {
        TearTally? torn = table.Sizes.FirstOrDefault(static s => s.Torn > 0);
        TearTally last = table.Sizes.LastOrDefault(static s => s.Tries > 0) ?? table.Sizes[0];
        if (torn is null)
        {
            return Text($"up to {Output.Printer.Size(last.WriteBytes)} no tear in {table.Tries} tries");
        }

        long before = table.Sizes.TakeWhile(s => s != torn).Sum(static s => s.Tries);
        return Text($"no tear in {before} tries; of {Output.Printer.Size(torn.WriteBytes)} {torn.Torn} in {torn.Tries}, ")
            + Text($"the first of {torn.Example!.Value.OffsetBytes}+{torn.WriteBytes} at {torn.Example.Value.AtBytes}");
    }

    internal static string BoundaryEvidence(TearTable table)
    {
        (long boundary, long unit) = table.Boundary;
        if (boundary == 0)
        {
            return "none found";
        }

        long tries = table.Sizes.TakeWhile(s => s.WriteBytes <= unit).Sum(s => s.Inside(boundary).Tries);
        long torn = table.Sizes.TakeWhile(s => s.WriteBytes <= unit).Sum(static s => s.Torn);
        return Text($"writes up to {Output.Printer.Size(unit)}: no tear in {tries} tries that cross none, {torn} in those that do");
    }

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace BlockEmu.Tidy.Tests;

/// <summary>docs/nbd.md's tables: every row of the protocol and every hostile case stands there with a test that exists and
/// carries its id.</summary>
public sealed partial class NbdLedgerTests
{
    /// <summary>All there is: rows of the protocol by their section's letter, and N, what is hostile.</summary>
    private static readonly (char Letter, int Count)[] s_sections =
    [
        ('W', 5), ('H', 4), ('O', 11), ('P', 19), ('R', 3), ('S', 7), ('T', 2), ('Q', 13), ('Y', 14), ('F', 11), ('E', 4), ('L', 8), ('X', 3),
        ('N', 31),
    ];

    private static readonly HashSet<string> s_tests = new(
        Repository.Code.Where(f => f.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(f => TestNames().Matches(Repository.Read(f)).Select(m => m.Value)),
        StringComparer.Ordinal);

    private static readonly string[] s_rows =
        [.. s_sections.SelectMany(s => Enumerable.Range(1, s.Count).Select(n => s.Letter + n.ToString(CultureInfo.InvariantCulture)))];

    private static readonly (string Row, string Test)[] s_ledger =
    [
        .. Rows().Matches(Repository.Read("docs/nbd.md")).Select(m => (m.Groups["row"].Value, m.Groups["test"].Value)),
    ];

    [Fact]
    public void Every_row_names_a_test_that_exists_and_carries_its_id()
    {
        None(s_ledger.Where(l => !s_tests.Contains(l.Test)).Select(l => $"{l.Row}: there is no test {l.Test}"));
        None(s_ledger.Where(l => !IdsOf(l.Test).Contains(l.Row)).Select(l => $"{l.Test} does not carry {l.Row}"));
    }

    [Fact]
    public void Every_row_of_the_protocol_is_in_the_ledger_once_and_nothing_else_is()
    {
        string[] actual = [.. s_ledger.Select(l => l.Row)];
        None(s_rows.Except(actual).Select(r => $"{r} is not in docs/nbd.md"));
        None(actual.Except(s_rows).Select(r => $"{r} is no row"));
        None(actual.GroupBy(r => r).Where(g => g.Count() > 1).Select(g => $"{g.Key} comes twice"));
        Assert.Equal(actual.Length, LineStarts().Count(Repository.Read("docs/nbd.md")));
    }

    [Fact]
    public void Every_id_in_the_name_of_a_protocol_test_is_a_row() =>
        None(s_tests.SelectMany(t => IdsOf(t).Except(s_rows).Select(id => $"{id} in {t} is no row")));

    /// <summary>The ids with which a test's name begins.</summary>
    private static IEnumerable<string> IdsOf(string test) => test.Split('_').TakeWhile(word => Id().IsMatch(word));

    private static void None(IEnumerable<string> faults) => Assert.Equal("", string.Join('\n', faults));

    [GeneratedRegex(@"(?<=public (async Task|void) )\w+(?=\()", RegexOptions.ExplicitCapture)]
    private static partial Regex TestNames();

    [GeneratedRegex(@"^\| (?<row>[A-Z]\d+) \|.*\| `(?<test>\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex(@"^\| [A-Z]\d+ \|", RegexOptions.Multiline)]
    private static partial Regex LineStarts();

    [GeneratedRegex(@"^[WHOPRSTQYFELXN]\d+$")]
    private static partial Regex Id();
}

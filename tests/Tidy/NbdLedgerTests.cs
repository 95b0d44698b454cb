using System.Text.RegularExpressions;

namespace BlockEmu.Tidy.Tests;

/// <summary>docs/nbd.md's ledger: every row names a test that exists and carries the row's id.</summary>
public sealed class NbdLedgerTests
{
    private static readonly HashSet<string> s_tests = new(
        Repository.Code.Where(f => f.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(f => Regex.Matches(Repository.Read(f), @"(?<=public (async Task|void) )\w+(?=\()", RegexOptions.ExplicitCapture)
                .Select(m => m.Value)),
        StringComparer.Ordinal);

    private static readonly (string Row, string Test)[] s_ledger =
    [
        .. Regex.Matches(Repository.Read("docs/nbd.md"), @"^\| (?<row>[A-Z]\d+) \|.*\| `(?<test>\w+)` \|$", RegexOptions.Multiline)
            .Select(m => (m.Groups["row"].Value, m.Groups["test"].Value)),
    ];

    [Fact]
    public void Every_row_names_a_test_that_exists_and_carries_its_id()
    {
        Assert.NotEmpty(s_ledger);
        Assert.Equal("", string.Join('\n', s_ledger.Where(l => !s_tests.Contains(l.Test)).Select(l => $"{l.Row}: there is no test {l.Test}")));
        Assert.Equal("", string.Join('\n', s_ledger.Where(l => !IdsOf(l.Test).Contains(l.Row)).Select(l => $"{l.Test} does not carry {l.Row}")));
    }

    [Fact]
    public void Every_line_that_begins_with_an_id_is_a_whole_row_and_no_id_comes_twice()
    {
        int lines = Regex.Count(Repository.Read("docs/nbd.md"), @"^\| [A-Z]\d+ \|", RegexOptions.Multiline);
        Assert.Equal(lines, s_ledger.Length);
        Assert.Equal(lines, s_ledger.Select(l => l.Row).Distinct().Count());
    }

    [Fact]
    public void Every_id_in_the_name_of_a_protocol_test_is_a_row()
    {
        HashSet<string> rows = [.. s_ledger.Select(l => l.Row)];
        string[] orphans =
        [
            .. s_tests.SelectMany(t => IdsOf(t).Select(id => (Id: id, Test: t))).Where(t => !rows.Contains(t.Id)).Select(t => $"{t.Id} in {t.Test}"),
        ];
        Assert.Equal("", string.Join('\n', orphans));
    }

    /// <summary>The ids with which a test's name begins.</summary>
    private static IEnumerable<string> IdsOf(string test) =>
        test.Split('_').TakeWhile(word => Regex.IsMatch(word, @"^[WHOPRSTQYFELX]\d+$"));
}

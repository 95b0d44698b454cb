using System.Text.RegularExpressions;

namespace BlockEmu.Tidy.Tests;

public sealed class HouseTests
{
    private const int MaxLines = 300;
    private const int MaxColumns = 160;

    /// <summary>Files that may be longer, each with a reason one would defend.</summary>
    private static readonly Dictionary<string, (int Lines, string Reason)> s_longer = new(StringComparer.Ordinal)
    {
        ["Device/Cache/WriteCache.cs"] = (310, "three invariants over shared state; versions, zero ranges and lists are rooms of their own already"),
    };

    [Fact]
    public void No_file_outgrows_a_room()
    {
        Assert.All(s_longer, e => Assert.True(e.Value.Lines > MaxLines && e.Value.Reason.Length > 20 && Repository.Files.Contains(e.Key), e.Key));
        None(Repository.Code
            .Select(f => (File: f, Lines: Repository.Read(f).Count(c => c == '\n')))
            .Where(f => f.Lines > (s_longer.TryGetValue(f.File, out (int Lines, string Reason) e) ? e.Lines : MaxLines))
            .Select(f => $"{f.File} has {f.Lines} lines"));
    }

    [Fact]
    public void No_line_of_code_runs_off_the_page() =>
        None(Repository.Code.SelectMany(f => Repository.Read(f).Split('\n')
            .Select((line, i) => (line, i))
            .Where(l => l.line.Length > MaxColumns)
            .Select(l => $"{f}:{l.i + 1} has {l.line.Length} columns")));

    [Fact]
    public void No_room_is_called_utils_or_common() =>
        None(Repository.Files.Where(f => Regex.IsMatch(f, "(^|/)(Utils?|Common|Helpers?|Misc)(/|\\.cs$)")));

    [Fact]
    public void No_two_log_messages_have_one_event_id()
    {
        string[] ids = [.. Repository.Code.SelectMany(static f => Regex.Matches(Repository.Read(f), "\\[LoggerMessage\\(\\s*(\\d+)"))
            .Select(static m => m.Groups[1].Value)];
        Assert.True(ids.Length > 30);
        None(ids.GroupBy(static id => id).Where(static g => g.Count() > 1).Select(static g => $"{g.Key} {g.Count()} times"));
    }

    [Fact]
    public void Every_rule_that_is_switched_off_has_its_reason_above_it()
    {
        foreach (string file in Repository.Files.Where(f => f.EndsWith(".globalconfig", StringComparison.Ordinal)))
        {
            bool hasReason = false;
            foreach (string line in Repository.Read(file).Split('\n'))
            {
                if (line.StartsWith("dotnet_diagnostic.", StringComparison.Ordinal))
                {
                    Assert.True(hasReason, $"{file}: {line} has no reason above it");
                }
                else
                {
                    hasReason = line.StartsWith("# ", StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void No_file_names_this_machine()
    {
        // The checkout's own parent and the home directory of whoever runs this, unless every machine has such a place.
        string[] everywhere = ["/", "/tmp/", "/var/tmp/", "/home/", "/usr/", "/opt/", "/srv/"];
        IEnumerable<string> places = new[] { Path.GetDirectoryName(Repository.Root)! + "/", Environment.GetEnvironmentVariable("HOME") + "/" }
            .Except(everywhere, StringComparer.Ordinal);
        List<string> found = [];
        foreach (string file in Repository.Files.Where(Repository.IsText))
        {
            string text = Repository.Read(file);
            found.AddRange(places.Where(p => text.Contains(p, StringComparison.Ordinal)).Select(p => $"{file} names {p}"));
        }

        None(found);
    }

    [Fact]
    public void Links_between_the_documents_lead_somewhere()
    {
        List<string> broken = [];
        foreach (string file in Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)))
        {
            foreach (Match link in Regex.Matches(Repository.Read(file), @"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)"))
            {
                string target = Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, link.Groups[1].Value));
                if (!Path.Exists(target))
                {
                    broken.Add($"{file} -> {link.Groups[1].Value}");
                }
            }
        }

        None(broken);
    }

    [Fact]
    public void Ci_runs_the_command_that_the_readme_names()
    {
        Assert.Contains("./test", Repository.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains("dotnet run -c Release --project Server", Repository.Read("README.md"), StringComparison.Ordinal);
        string[] commands = [.. Repository.Read(".ci/run").Split('\n').Where(l => l.Length > 0 && l[0] != '#')];
        Assert.Equal("exec \"$(dirname \"$0\")/../test\"", Assert.Single(commands));
    }

    private static void None(IEnumerable<string> faults) => Assert.Equal("", string.Join('\n', faults));
}

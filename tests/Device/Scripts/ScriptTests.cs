using System.Text;

namespace BlockEmu.Device.Tests.Scripts;

/// <summary>Runs every script beside this file: commands above a line of dashes, the answer below it, an empty line between.
/// BLOCKEMU_REWRITE_SCRIPTS=1 writes the answers that came into the scripts' sources.</summary>
public sealed class ScriptTests
{
    private const string Dashes = "----";

    public static TheoryData<string> Names() =>
        [.. Directory.GetFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Scripts");

    [Theory]
    [MemberData(nameof(Names))]
    public void Script(string name)
    {
        string path = Path.Combine(Folder, name + ".txt");
        string expected = File.ReadAllText(path);
        string actual = Replay(expected);
        if (Environment.GetEnvironmentVariable("BLOCKEMU_REWRITE_SCRIPTS") is string sources and not "")
        {
            File.WriteAllText(Path.Combine(sources, name + ".txt"), actual);
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void There_are_scripts() => Assert.True(Names().Count >= 12, "the scripts are not beside the test");

    private static string Replay(string script)
    {
        using ScriptDisk disk = new();
        StringBuilder result = new();
        bool isAnswer = false;
        foreach (string line in script.TrimEnd('\n').Split('\n'))
        {
            if (line == Dashes)
            {
                isAnswer = true;
            }
            else if (line.Length == 0)
            {
                result.Append('\n');
                isAnswer = false;
            }
            else if (line[0] == '#')
            {
                result.Append(line).Append('\n');
            }
            else if (!isAnswer)
            {
                result.Append(line).Append('\n').Append(Dashes).Append('\n').Append(disk.Run(line)).Append('\n');
            }
        }

        return result.ToString();
    }
}

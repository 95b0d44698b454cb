using System.Text.RegularExpressions;

namespace BlockEmu.Tidy.Tests;

public sealed class LayeringTests
{
    [Theory]
    [InlineData("Device/BlockEmu.Device.csproj")]
    [InlineData("Protocol/BlockEmu.Protocol.csproj")]
    [InlineData("tools/oracle/BlockEmu.Oracle.csproj")]
    public void Device_protocol_and_oracle_reference_the_base_class_library_only(string project)
    {
        string text = Repository.Read(project);
        Assert.DoesNotContain("ProjectReference", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PackageReference", text, StringComparison.Ordinal);
        Assert.DoesNotContain("FrameworkReference", text, StringComparison.Ordinal);
        Assert.Contains("Microsoft.NET.Sdk\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Device/", "Socket", "System.Net", "System.Text.Json", "BlockEmu.Protocol", "BlockEmu.Server", "BlockEmu.Oracle", "TimeProvider", "DateTime")]
    [InlineData("Protocol/", "BlockEmu.Device", "BlockEmu.Server", "BlockEmu.Oracle")]
    [InlineData("Shell/", "BlockEmu.Device", "BlockEmu.Protocol", "BlockEmu.Server", "BlockEmu.Oracle", "BlockEmu.Cli")]
    [InlineData("tools/oracle/", "BlockEmu.Device", "BlockEmu.Protocol", "BlockEmu.Server")]
    [InlineData("tools/blockemu/", "BlockEmu.Server")]
    public void A_layer_does_not_name_what_it_must_not_know(string folder, params string[] words)
    {
        List<string> found = [];
        foreach (string file in Repository.Code.Where(f => f.StartsWith(folder, StringComparison.Ordinal)))
        {
            string code = Regex.Replace(Repository.Read(file), @"^\s*//.*$", "", RegexOptions.Multiline);
            found.AddRange(words.Where(w => Regex.IsMatch(code, $@"\b{Regex.Escape(w)}\b")).Select(w => $"{file} names {w}"));
        }

        None(found);
    }

    [Fact]
    public void The_program_speaks_to_servers_and_only_recover_opens_an_image_itself()
    {
        string[] files = [.. Repository.Code.Where(f => f.StartsWith("tools/blockemu/", StringComparison.Ordinal))];
        Assert.Equal(
            ["tools/blockemu/Commands/RecoverCommand.cs"],
            files.Where(f => Regex.IsMatch(Repository.Read(f), @"\bBlockEmu\.Device\b")));
    }

    /// <summary>Front ends translate; the disk knows none of them. Names of parameters are NVMe's (AWUPF, NABO), and comments say so.</summary>
    [Fact]
    public void The_disk_names_no_front_end_but_in_comments_and_in_the_isolation_mode_nvme()
    {
        List<string> found = [];
        foreach (string file in Repository.Code.Where(f => f.StartsWith("Device/", StringComparison.Ordinal)))
        {
            if (Regex.IsMatch(file, "nvme|nbd", RegexOptions.IgnoreCase))
            {
                found.Add($"{file} is called after a front end");
            }

            string code = Regex.Replace(Repository.Read(file), "//.*$", "", RegexOptions.Multiline);
            found.AddRange(Regex.Matches(code, @"\w*(?:nvme|nbd)\w*", RegexOptions.IgnoreCase)
                .Where(m => !file.StartsWith("Device/Isolation/", StringComparison.Ordinal) || m.Value is not ("Nvme" or "nvme"))
                .Select(m => $"{file} names {m.Value}"));
        }

        None(found.Distinct());
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_every_test_project_in_the_test_script()
    {
        string solution = Repository.Read("BlockEmu.sln").Replace('\\', '/');
        string script = Repository.Read("test");
        foreach (string project in Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            Assert.Contains(project, solution, StringComparison.Ordinal);
            if (project.StartsWith("tests/", StringComparison.Ordinal))
            {
                string folder = project.Split('/')[1];
                Assert.Matches($@"only=\([^)]*\b{folder}\b[^)]*\)", script);
            }
        }
    }

    private static void None(IEnumerable<string> faults) => Assert.Equal("", string.Join('\n', faults));
}

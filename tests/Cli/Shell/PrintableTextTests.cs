using System.Text;
using System.Text.Json;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Tests.Shell;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("Größe 磁盘 😀", "Größe 磁盘 😀")]
    [InlineData("a\nb\r\tc", "a\\nb\\r\\tc")]
    [InlineData("\e[2J", "\\u001b[2J")]
    [InlineData("\u009b31m\u007f\u0085", "\\u009b31m\\u007f\\u0085")]
    [InlineData("a\u202Egpj.exe\u2066\u200f", "a\\u202egpj.exe\\u2066\\u200f")]
    [InlineData("\u200b\u2060\ufeff\u00ad", "\\u200b\\u2060\\ufeff\\u00ad")]
    [InlineData("a\u2028b\u2029", "a\\u2028b\\u2029")]
    [InlineData("\U000E0041", "\\U000e0041")]
    [InlineData("\u3164\ufe0f", "\\u3164\\ufe0f")]
    public void What_a_terminal_obeys_or_hides_is_escaped(string text, string shown) => Assert.Equal(shown, PrintableText.Escape(text));

    [Fact]
    public void Half_a_surrogate_pair_is_escaped() => Assert.Equal("a\\ud800b", PrintableText.Escape("a" + (char)0xD800 + "b"));

    [Fact]
    public async Task A_marks_text_cannot_forge_a_line_of_a_table_or_a_report()
    {
        await using CliServer server = await CliServer.StartAsync();
        server.Write(0, 4096);
        (await server.RunAsync("marks", "disk0", "a\nb\u202Ec\e[2J")).Is(ExitCodes.Fine);
        string marks = (await server.RunAsync("marks", "disk0")).Is(ExitCodes.Fine).Output;
        string report = (await server.RunAsync("power", "cut", "disk0")).Is(ExitCodes.Fine).Output;
        Assert.All((string[])[marks, report], static text =>
        {
            Assert.Contains("a\\nb\\u202ec\\u001b[2J", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\e', text);
        });
        string json = (await server.RunAsync("marks", "disk0", "--json")).Is(ExitCodes.Fine).Output;
        Assert.Equal("a\nb\u202Ec\e[2J", JsonDocument.Parse(json).RootElement.GetProperty("marks")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_foreign_bundle_cannot_forge_a_line_of_its_verdict()
    {
        const string Name = "a-name-that-is-long-enough-to-be-replaced";
        const string Forged = "x, report 1: holds\\n  legality: holds\\u0007";
        string file = Path.GetTempFileName();
        try
        {
            await using CliServer server = await CliServer.StartAsync(disk: CliServer.DefaultDisk with { Name = Name.PadRight(Forged.Length, '-') });
            (await server.RunAsync("power", "cut", Name.PadRight(Forged.Length, '-'))).Is(ExitCodes.Fine);
            (await server.RunAsync("reports", Name.PadRight(Forged.Length, '-'), "1", "--bundle", file)).Is(ExitCodes.Fine);
            Tampering.ChangeName(file, Name.PadRight(Forged.Length, '-'), Forged);
            string[] lines = (await CliRun.RunAsync(["check", file])).Is(ExitCodes.Fine).Output.TrimEnd().Split('\n');
            Assert.Equal($"{file}: {Forged}, report 1: holds", lines[0]);
            Assert.Equal(4, lines.Length);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("{\"a\":[1,{\"b\":\"\\ud800\"}]}", ".a[1].b")]
    [InlineData("{\"a\":{\"\\udc00\":1}}", ".a")]
    [InlineData("{\"\\ud800\\ud800\":1}", "")]
    [InlineData("[\"x\",\"\\udc00\\ud800\"]", "[1]")]
    public void JSON_that_no_string_can_hold_is_named_by_its_path(string json, string path)
    {
        (string Path, string Detail)? fault = JsonUnicode.FindFault(Encoding.UTF8.GetBytes(json));
        Assert.Equal(path, fault!.Value.Path);
        Assert.Contains("surrogate", fault.Value.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_named_by_path_and_by_byte()
    {
        byte[] json = [.. "{\"text\":\"a"u8, 0xC3, 0x28, .. "\"}"u8];
        Assert.Equal((".text", "the string is not valid Unicode (byte 8): it is not UTF-8"), JsonUnicode.FindFault(json));
        Assert.Null(JsonUnicode.FindFault("{\"text\":\"\\ud83d\\ude00ü\"}"u8));
    }

    [Fact]
    public void A_byte_order_mark_is_taken_for_one()
    {
        byte[] utf8 = "{}"u8.ToArray();
        byte[] little = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")];
        byte[] big = [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("{}")];
        Assert.All(
            (byte[][])[utf8, [0xEF, 0xBB, 0xBF, .. utf8], little, big],
            text => Assert.Equal(utf8, JsonUnicode.WithoutMark(text).ToArray()));
    }
}

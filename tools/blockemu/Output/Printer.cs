using System.Globalization;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Shell;
using Spectre.Console;

namespace BlockEmu.Cli.Output;

/// <summary>Writes answers: tables for people, the server's own JSON for programs.</summary>
internal sealed class Printer(TextWriter output)
{
    /// <summary>Wide enough for any row, where no terminal says how wide it is.</summary>
    private const int PlainWidth = 250;

    private readonly IAnsiConsole _console = CreateConsole(output);

    public void Json(JsonElement element) => Json(JsonText.Indent(element));

    /// <summary>JSON of our own writing: it has escapes of its own.</summary>
    public void Json(string text) => output.WriteLine(text);

    /// <summary>One line, whatever stands in it: names and marks are other people's.</summary>
    public void Line(string text) => output.WriteLine(PrintableText.Escape(text));

    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column)).NoWrap());
        }

        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow(row.Select(static cell => new Text(PrintableText.Escape(cell))));
        }

        _console.Write(table);
    }

    private static IAnsiConsole CreateConsole(TextWriter output)
    {
        bool isTerminal = StandardText.IsTerminal(output);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }

    /// <summary>Bytes in the largest binary unit that keeps them whole.</summary>
    public static string Size(long bytes)
    {
        const string Units = "KMGTPE";
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < Units.Length)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0
            ? bytes.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{bytes}{Units[unit - 1]}");
    }
}

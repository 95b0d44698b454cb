using System.Globalization;
using System.Text.Json;

namespace BlockEmu.Cli.Probe;

/// <summary>One thing that was found.</summary>
/// <param name="Key">Its name in JSON and in expectations.</param>
/// <param name="Question">For people.</param>
/// <param name="Value">A word, or a number of bytes (<see cref="long"/>).</param>
/// <param name="Evidence">What it stands on: counts.</param>
internal sealed record ProbeAnswer(string Key, string Question, object Value, string Evidence)
{
    /// <summary>The answer when nothing was tried, or nothing could be seen.</summary>
    public const string Untested = "untested";

    public string Text => Value is long bytes ? Output.Printer.Size(bytes) : (string)Value;

    /// <summary>As JSON has it.</summary>
    public string JsonText => Value is long bytes ? bytes.ToString(CultureInfo.InvariantCulture) : JsonSerializer.Serialize((string)Value);
}

using System.Globalization;
using System.Text;

namespace BlockEmu.Server.Metrics;

/// <summary>Writes the Prometheus text format 0.0.4.</summary>
internal sealed class ExpositionText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Opens a family; its samples follow.</summary>
    public void Family(string name, string type, string help) => _text
        .Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", @"\\").Replace("\n", @"\n")).Append('\n')
        .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>One sample; label values are escaped, label names are ours.</summary>
    public void Sample(string name, ReadOnlySpan<KeyValuePair<string, string>> labels, double value)
    {
        _text.Append(name);
        if (!labels.IsEmpty)
        {
            _text.Append('{');
            foreach (KeyValuePair<string, string> label in labels)
            {
                _text.Append(label.Key).Append("=\"").Append(Escape(label.Value)).Append("\",");
            }

            _text[^1] = '}';
        }

        _text.Append(' ').Append(Format(value)).Append('\n');
    }

    /// <summary>Backslash, quote and line feed: what the format escapes in label values.</summary>
    internal static string Escape(string value) => value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");

    internal static string Format(double value) => double.IsPositiveInfinity(value)
        ? "+Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    public override string ToString() => _text.ToString();
}

using System.Globalization;
using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>What this process does with signals at this moment: sets of them, signal n at bit n - 1.</summary>
internal readonly record struct SignalMasks(ulong Ignored, ulong Caught)
{
    /// <summary>From <c>/proc/self/status</c>; where there is none, nothing is ignored and everything is caught.</summary>
    public static SignalMasks Read()
    {
        try
        {
            string[] lines = File.ReadAllLines("/proc/self/status");
            return new SignalMasks(Find(lines, "SigIgn:"), Find(lines, "SigCgt:"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new SignalMasks(0, ulong.MaxValue);
        }
    }

    public bool IsIgnored(PosixSignal signal) => Has(Ignored, NumberOf(signal));

    /// <summary>Whether the system's own course is taken, which for most signals is the end of the process.</summary>
    public bool IsDefault(int number) => !Has(Ignored, number) && !Has(Caught, number);

    private static bool Has(ulong set, int number) => (set >> (number - 1) & 1) != 0;

    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        PosixSignal.SIGTERM => 15,
        _ => (int)signal,
    };

    private static ulong Find(string[] lines, string name)
    {
        string? line = Array.Find(lines, l => l.StartsWith(name, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(name.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong set)
            ? set
            : 0;
    }
}

using System.Globalization;

namespace BlockEmu.Tests.Shared;

/// <summary>Time limits of tests: written for a quiet machine, and stretched by how busy this one is. A limit turns what hangs into a
/// failure; nothing is measured by it.</summary>
internal static class Pace
{
    private const int Longest = 30;

    /// <summary>How many times as long things take here: what <c>./test</c> has measured (tools/pace), or the machine's load for each
    /// processor.</summary>
    public static double Factor { get; } = Measure();

    /// <summary>The limit of a wait that is this long on a quiet machine.</summary>
    public static TimeSpan Seconds(double quietSeconds) => TimeSpan.FromSeconds(quietSeconds * Factor);

    private static double Measure()
    {
        string text = Environment.GetEnvironmentVariable("BLOCKEMU_PATIENCE") ?? "";
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0)
        {
            return given;
        }

        const string LoadPath = "/proc/loadavg";
        string load = File.Exists(LoadPath) ? File.ReadAllText(LoadPath).Split(' ')[0] : "1";
        return Math.Clamp(double.Parse(load, CultureInfo.InvariantCulture) / Environment.ProcessorCount, 1, Longest);
    }
}

using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Makes a list of commands that fails shorter, as long as it fails: parts are left out, halves first, single commands
/// last; then the ranges.</summary>
internal static class Shrinker
{
    private const int MostRuns = 4000;

    public static List<SimulatedCommand> Shrink(DiskOptions options, IReadOnlyList<SimulatedCommand> failing)
    {
        List<SimulatedCommand> least = [.. failing];
        int runs = 0;
        for (int part = Math.Max(1, least.Count / 2); ; part = Math.Max(1, part / 2))
        {
            bool isShorter = false;
            for (int at = 0; at < least.Count && runs < MostRuns;)
            {
                List<SimulatedCommand> without = [.. least[..at], .. least[Math.Min(least.Count, at + part)..]];
                runs++;
                if (Fails(options, without))
                {
                    least = without;
                    isShorter = true;
                }
                else
                {
                    at += part;
                }
            }

            if ((part == 1 && !isShorter) || runs >= MostRuns)
            {
                return Narrow(options, least);
            }
        }
    }

    private static List<SimulatedCommand> Narrow(DiskOptions options, List<SimulatedCommand> failing)
    {
        for (int i = 0; i < failing.Count; i++)
        {
            while (failing[i].Count > 1)
            {
                List<SimulatedCommand> narrower = [.. failing];
                narrower[i] = failing[i] with { Count = failing[i].Count - 1 };
                if (!Fails(options, narrower))
                {
                    break;
                }

                failing = narrower;
            }
        }

        return failing;
    }

    private static bool Fails(DiskOptions options, List<SimulatedCommand> commands)
    {
        using Simulator simulator = new(options);
        return simulator.Run(commands) is not null;
    }
}

using System.Diagnostics;
using BlockEmu.Device.Randomness;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>Millions of commands on small disks of every kind, in one thread, against a naive model and the oracle. A failing seed
/// shrinks itself to a script. BLOCKEMU_TEST_SEED repeats one; BLOCKEMU_TEST_LONG=1 runs ten times as many.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int CommandsPerDisk = 1000;
    private const int Disks = 500;

    private static readonly int s_factor = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1" ? 10 : 1;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Half_a_million_commands_leave_what_the_naive_model_and_the_oracle_say(ulong family)
    {
        ulong fixedSeed = ulong.TryParse(Environment.GetEnvironmentVariable("BLOCKEMU_TEST_SEED"), out ulong s) ? s : 0;
        ulong start = fixedSeed != 0 ? fixedSeed : SplitMix64.Hash(family, 20_27);
        long startedAt = Stopwatch.GetTimestamp();
        long commands = 0;
        for (int i = 0; i < (fixedSeed != 0 ? 1 : Disks * s_factor); i++)
        {
            string? story = SimulatedRun.Tell(start + (ulong)i, CommandsPerDisk, out int done);
            Assert.True(story is null, story);
            commands += done;
        }

        double seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        output.WriteLine($"{commands} commands from seed {start}, {commands / seconds:F0} a second");
    }
}

using BlockEmu.Device.Randomness;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>Random command sequences against the oracle. BLOCKEMU_TEST_SEED repeats one; BLOCKEMU_TEST_LONG=1 runs ten times as many.</summary>
public sealed class PropertyTests(ITestOutputHelper output)
{
    private static readonly int s_factor = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1" ? 10 : 1;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_cut_of_a_random_sequence_on_memory_leaves_a_legal_platter(ulong family)
    {
        Run(family, 5_000 * s_factor, filePath: null);
    }

    [Fact]
    public void Every_cut_of_a_random_sequence_on_a_file_leaves_a_legal_platter()
    {
        string directory = Directory.CreateTempSubdirectory("blockemu-").FullName;
        try
        {
            Run(5, 1_000 * s_factor, Path.Combine(directory, "image"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private void Run(ulong family, int sequences, string? filePath)
    {
        ulong fixedSeed = ulong.TryParse(Environment.GetEnvironmentVariable("BLOCKEMU_TEST_SEED"), out ulong s) ? s : 0;
        ulong start = fixedSeed != 0 ? fixedSeed : SplitMix64.Hash(family, 20_26);
        int commands = 0;
        for (int i = 0; i < (fixedSeed != 0 ? 1 : sequences); i++)
        {
            ulong seed = start + (ulong)i;
            if (filePath is not null)
            {
                File.Delete(filePath);
            }

            try
            {
                RandomRun run = new(seed, filePath);
                run.Run(cuts: 2);
                commands += run.Commands;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed} (BLOCKEMU_TEST_SEED={seed}): {e.Message}", e);
            }
        }

        output.WriteLine($"{sequences} sequences from seed {start}, {commands} commands");
    }
}

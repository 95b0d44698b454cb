using BlockEmu.Device.Tests.Scripts;

namespace BlockEmu.Device.Tests.Planted;

/// <summary>The simulation is worth what it finds: each of these bugs is put into the disk, and must be caught.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int CommandsPerDisk = 1000;
    private const int MostCommands = 300_000;

    private static readonly Lazy<PlantedDevice> _device = new(static () => new PlantedDevice());

    public static TheoryData<string> Names() => [.. PlantedBugs.All.Select(static bug => bug.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulation_catches(string name)
    {
        PlantedBug bug = PlantedBugs.All.Single(b => b.Name == name);
        string? story = _device.Value.Hunt(bug, CommandsPerDisk, MostCommands, out int commands);
        output.WriteLine($"{name}: {commands} commands\n{story}");
        Assert.True(story is not null, $"{commands} commands did not find it");
    }

    [Fact]
    public void A_seed_that_fails_shrinks_itself_to_a_short_script_that_runs()
    {
        PlantedBug bug = PlantedBugs.All.Single(static b => b.Name == "a flush does nothing");
        string story = _device.Value.Hunt(bug, CommandsPerDisk, MostCommands, out _)!;
        string[] script = [.. story.Split('\n').SkipWhile(static line => !line.StartsWith("disk ", StringComparison.Ordinal))
            .Where(static line => line.Length > 0 && line != "----")];
        Assert.InRange(script.Length, 4, 8); // disk, write, flush, cut, dump, and little besides
        using ScriptDisk disk = new();
        Assert.All(script, line => Assert.NotEmpty(disk.Run(line)));
    }

    [Fact]
    public void There_are_thirty_of_them_and_none_in_the_disk_as_it_is()
    {
        Assert.True(PlantedBugs.All.Count >= 30);
        Assert.Null(_device.Value.Hunt(null, CommandsPerDisk, 20 * CommandsPerDisk, out _));
    }
}

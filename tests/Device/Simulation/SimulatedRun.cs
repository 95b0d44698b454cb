namespace BlockEmu.Device.Tests.Simulation;

/// <summary>One disk's life, from a seed.</summary>
internal static class SimulatedRun
{
    /// <summary>Carries out so many commands. Returns what went wrong, with a script as short as it could be made; null = nothing.</summary>
    public static string? Tell(ulong seed, int commandCount, out int done)
    {
        CommandSource source = new(seed);
        List<SimulatedCommand> commands = source.Draw(commandCount);
        string? complaint = Run(source, commands, out done);
        if (complaint is null)
        {
            return null;
        }

        List<SimulatedCommand> least = Shrinker.Shrink(source.Options, commands[..done]);
        return $"seed {seed} (BLOCKEMU_TEST_SEED={seed}): {complaint}\nIn short, {Run(source, least, out _)}:\n{ScriptText.Of(source.Options, least)}";
    }

    private static string? Run(CommandSource source, List<SimulatedCommand> commands, out int done)
    {
        using Simulator simulator = new(source.Options);
        string? complaint = simulator.Run(commands);
        done = simulator.Done;
        return complaint;
    }
}

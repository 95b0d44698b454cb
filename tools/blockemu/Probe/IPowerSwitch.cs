namespace BlockEmu.Cli.Probe;

/// <summary>Takes the power away from the server's disk, and gives it back.</summary>
internal interface IPowerSwitch
{
    /// <summary>What it is, for people.</summary>
    string Name { get; }

    /// <summary>Returns when the power is off.</summary>
    /// <param name="seed">The cut's own seed, for a device that has one.</param>
    Task CutAsync(ulong seed);

    /// <summary>Returns when the power is back; the server need not answer yet.</summary>
    Task RestoreAsync();
}

using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Commands;

/// <summary>The steps of a command that takes several: visible one by one, acknowledged together.</summary>
/// <param name="accepted">The promises the command was accepted under: all its steps are, whatever is changed between them.</param>
internal sealed class StepsTaken(AtomicityParameters accepted)
{
    private readonly List<(long Sequence, PendingCommand? Command, bool IsFua)> _steps = [];

    /// <summary>The promises that all of it is under.</summary>
    public AtomicityParameters Accepted => accepted;

    /// <summary>A step is visible, and persistent if it has to be. Under the disk's lock.</summary>
    public void Add(long sequence, PendingCommand? command, bool isFua) => _steps.Add((sequence, command, isFua));

    /// <summary>Decides the command's completion. Under the disk's lock.</summary>
    public void Acknowledge(DiskCore core)
    {
        foreach ((long sequence, PendingCommand? command, bool isFua) in _steps)
        {
            // One that was destaged or superseded meanwhile has left the cache, or is listed among the dead.
            bool isKnown = command is not null && command.Sequence == sequence && command.List is not null;
            core.Acknowledge(sequence, isKnown ? command : null, isFua);
        }
    }
}

using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>What the event log has to say of one command while it is carried out: steps that cover it once, and then, together, their
/// acknowledgements.</summary>
internal sealed class ExpectedSteps(SimulatedCommand command, DiskOptions accepted)
{
    private readonly int _block = accepted.BlockSizeBytes;
    private readonly HashSet<long> _open = [];
    private readonly bool[] _covered = new bool[command.Count];
    private int _left = command.Count;

    public SimulatedCommand Command => command;

    /// <summary>What held when it was accepted.</summary>
    public DiskOptions Accepted => accepted;

    /// <summary>The steps' numbers.</summary>
    public List<long> Steps { get; } = [];

    /// <summary>All of it is visible.</summary>
    public bool IsVisible => _left == 0;

    /// <summary>All of it is acknowledged.</summary>
    public bool IsAcknowledged => IsVisible && _open.Count == 0;

    /// <summary>A step that may be this command's; says why it is not.</summary>
    public string? Take(long sequence, WriteKind kind, ByteRange range, bool isFua)
    {
        WriteKind expected = command.Kind switch
        {
            SimulatedKind.Zero => WriteKind.WriteZeroes,
            SimulatedKind.Trim => WriteKind.Trim,
            _ => WriteKind.Write,
        };
        int first = (int)(range.OffsetBytes / _block) - command.First;
        int count = (int)(range.LengthBytes / _block);
        if (kind != expected || isFua != command.IsFua || first < 0 || count < 1 || first + count > command.Count
            || _covered.AsSpan(first, count).Contains(true))
        {
            return $"step {sequence}: a {kind} of {range} that nobody asked for";
        }

        _covered.AsSpan(first, count).Fill(true);
        _left -= count;
        Steps.Add(sequence);
        _open.Add(sequence);
        return null;
    }

    /// <summary>Whether it is one of its steps that is acknowledged.</summary>
    public bool Acknowledge(long sequence) => _open.Remove(sequence);
}

namespace BlockEmu.Device.Geometry;

/// <summary>When and in which order pending commands become persistent by themselves (SEMANTICS 3).</summary>
/// <remarks>The disk has no clock: with <see cref="Idle"/> and <see cref="AtRate"/> its owner calls <see cref="Disk.Destage"/>
/// when it is time. Flush, FUA and bounds of history destage under every policy.</remarks>
public sealed record DestagePolicy
{
    private DestagePolicy(DestagePolicyKind kind, long bytesPerSecond = 0)
    {
        Kind = kind;
        BytesPerSecond = bytesPerSecond;
    }

    /// <summary>The default.</summary>
    public static DestagePolicy Oldest { get; } = new(DestagePolicyKind.Oldest);

    /// <summary>In an order that the disk's seed draws.</summary>
    public static DestagePolicy Random { get; } = new(DestagePolicyKind.Random);

    /// <summary>When nothing has arrived for a while.</summary>
    public static DestagePolicy Idle { get; } = new(DestagePolicyKind.Idle);

    /// <summary>Not before a flush.</summary>
    public static DestagePolicy Never { get; } = new(DestagePolicyKind.Never);

    /// <summary>Which policy.</summary>
    public DestagePolicyKind Kind { get; }

    /// <summary>With <see cref="DestagePolicyKind.Rate"/>: payload made persistent in a second, at least 1; else 0.</summary>
    public long BytesPerSecond { get; }

    /// <summary>All the time, at a rate of payload bytes a second.</summary>
    public static DestagePolicy AtRate(long bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        return new DestagePolicy(DestagePolicyKind.Rate, bytesPerSecond);
    }
}

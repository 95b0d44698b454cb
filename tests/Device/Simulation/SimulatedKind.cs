namespace BlockEmu.Device.Tests.Simulation;

/// <summary>What can happen to a simulated disk.</summary>
internal enum SimulatedKind
{
    Write,

    /// <summary>A write that is visible and not yet acknowledged.</summary>
    Begin,

    /// <summary>Its acknowledgement.</summary>
    Acknowledge,
    Zero,
    Trim,
    Flush,

    /// <summary>A flush is accepted, and not yet carried out.</summary>
    BeginFlush,

    /// <summary>It is carried out, and acknowledged.</summary>
    EndFlush,
    Read,
    Cut,
    Recut,
    PowerOn,
    Shutdown,

    /// <summary>Other promises, isolation and order of destaging from now on.</summary>
    Change,
}

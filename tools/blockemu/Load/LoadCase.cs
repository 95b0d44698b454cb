namespace BlockEmu.Cli.Load;

/// <summary>One way to load a disk.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="BlockBytes">Length of each read and write.</param>
/// <param name="Depth">Requests in flight on each connection.</param>
/// <param name="Connections">Connections, a thread each.</param>
/// <param name="ReadPercent">Share of reads; the rest are writes.</param>
internal sealed record LoadCase(string Name, int BlockBytes, int Depth, int Connections = 1, int ReadPercent = 100)
{
    public const int MaxBlockBytes = 64 << 20;
    public const int MaxDepth = 4096;
    public const int MaxConnections = 256;

    /// <summary>One after another, each connection in a part of its own; otherwise at random places of the grid.</summary>
    public bool IsSequential { get; init; }

    /// <summary>Each write with <c>NBD_CMD_FLAG_FUA</c>.</summary>
    public bool IsFua { get; init; }

    /// <summary>A flush after so many writes of a connection; 0 = none.</summary>
    public int FlushEvery { get; init; }

    /// <summary>Structured replies are negotiated.</summary>
    public bool IsStructured { get; init; }

    public bool Writes => ReadPercent < 100;

    /// <summary>Whether bytes each second say more than requests each second.</summary>
    public bool IsAboutBytes => BlockBytes >= 64 << 10;

    /// <summary>What runs unless it is said otherwise.</summary>
    public static IReadOnlyList<LoadCase> Named { get; } =
    [
        new("r4k-qd1", 4 << 10, 1),
        new("w4k-qd1", 4 << 10, 1, ReadPercent: 0),
        new("w4k-qd1-fua", 4 << 10, 1, ReadPercent: 0) { IsFua = true },
        new("r4k-qd32", 4 << 10, 32),
        new("w4k-qd32", 4 << 10, 32, ReadPercent: 0),
        new("w4k-qd32-fl", 4 << 10, 32, ReadPercent: 0) { FlushEvery = 64 },
        new("mix4c-qd8", 4 << 10, 8, Connections: 4, ReadPercent: 70),
        new("sr64k-qd8", 64 << 10, 8) { IsSequential = true },
        new("sw64k-qd8", 64 << 10, 8, ReadPercent: 0) { IsSequential = true },
        new("sr1m-qd4", 1 << 20, 4) { IsSequential = true },
        new("sw1m-qd4", 1 << 20, 4, ReadPercent: 0) { IsSequential = true },
    ];
}

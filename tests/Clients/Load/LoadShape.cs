namespace BlockEmu.Clients.Tests.Load;

/// <summary>One of the write cases that docs/performance.md gives figures of, as its client sends it.</summary>
/// <param name="RequestBytes">Of each read and write.</param>
/// <param name="Depth">Requests in flight on a connection.</param>
internal sealed record LoadShape(int RequestBytes, int Depth)
{
    /// <summary>The cases by their names in <c>blockemu bench</c>.</summary>
    public static IReadOnlyDictionary<string, LoadShape> All { get; } = new Dictionary<string, LoadShape>
    {
        ["w4k-qd1"] = new(4096, 1),
        ["w4k-qd1-fua"] = new(4096, 1) { IsFua = true },
        ["w4k-qd32"] = new(4096, 32),
        ["w4k-qd32-fl"] = new(4096, 32) { FlushEvery = 64 },
        ["mix4c-qd8"] = new(4096, 8) { ReadPercent = 70, Connections = 4 },
        ["sw64k-qd8"] = new(64 << 10, 8) { IsSequential = true },
        ["sw1m-qd4"] = new(1 << 20, 4) { IsSequential = true },
    };

    /// <summary>One write after the other; otherwise at random.</summary>
    public bool IsSequential { get; init; }

    public uint ReadPercent { get; init; }

    public bool IsFua { get; init; }

    /// <summary>A flush behind so many writes; 0 = none.</summary>
    public int FlushEvery { get; init; }

    public int Connections { get; init; } = 1;
}

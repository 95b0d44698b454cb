using BlockEmu.Device;

namespace BlockEmu.Server.Admin.Map;

/// <summary>Blocks that are alike, and the stages that their visible version has reached.</summary>
public sealed record MapExtentInfo
{
    public required long OffsetBytes { get; init; }

    public required long LengthBytes { get; init; }

    /// <summary><c>hole</c>, <c>persistent</c>, <c>cached</c> or <c>in-flight</c>.</summary>
    public required string State { get; init; }

    /// <summary>A read returns it: always so.</summary>
    public required bool Visible { get; init; }

    /// <summary>It was acknowledged.</summary>
    public required bool Cached { get; init; }

    /// <summary>A power cut leaves it as it is.</summary>
    public required bool Persistent { get; init; }

    /// <summary>Known to read as zero; false says nothing.</summary>
    public required bool ReadsAsZero { get; init; }

    internal static MapExtentInfo From(DiskExtent extent) => new()
    {
        OffsetBytes = extent.OffsetBytes,
        LengthBytes = extent.LengthBytes,
        State = extent.State switch
        {
            DiskExtentState.Hole => "hole",
            DiskExtentState.Persistent => "persistent",
            DiskExtentState.Cached => "cached",
            _ => "in-flight",
        },
        Visible = true,
        Cached = extent.State != DiskExtentState.InFlight,
        Persistent = extent.State is DiskExtentState.Hole or DiskExtentState.Persistent,
        ReadsAsZero = extent.ReadsAsZero,
    };
}

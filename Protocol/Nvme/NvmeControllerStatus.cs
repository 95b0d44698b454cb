namespace BlockEmu.Protocol.Nvme;

/// <summary>CSTS, "Controller Status" (Base 3.1.4.6).</summary>
[Flags]
public enum NvmeControllerStatus : uint
{
    None = 0,

    /// <summary>RDY: commands are processed.</summary>
    Ready = 1,

    /// <summary>CFS: fatal; a reset is needed.</summary>
    Fatal = 1 << 1,

    /// <summary>SHST 01b: a shutdown is going on.</summary>
    ShutdownInProgress = 1 << 2,

    /// <summary>SHST 10b: what was cached is on media.</summary>
    ShutdownComplete = 2 << 2,
}

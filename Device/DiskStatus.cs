namespace BlockEmu.Device;

/// <summary>How a command ended. The client's fault and the medium's are values; only ours would be an exception.</summary>
public enum DiskStatus
{
    /// <summary>Done, and what SEMANTICS 3 promises for it holds.</summary>
    Ok = 0,

    /// <summary>The power is off, or went while the command ran, or came back since the session was opened:
    /// no answer may leave, and nothing is known about the command's effect.</summary>
    PowerLost,

    /// <summary>A write-class command on a read-only disk; nothing happened.</summary>
    ReadOnly,

    /// <summary>The range does not lie inside the disk; nothing happened.</summary>
    OutOfRange,

    /// <summary>The medium refused. A write of one atom left the old data; of a larger one each atom is old or new.
    /// A flush that ends so says nothing about durability.</summary>
    MediumError,

    /// <summary>The medium has no room left; otherwise as <see cref="MediumError"/>.</summary>
    MediumFull,

    /// <summary>The host has no memory left for a write; otherwise as <see cref="MediumError"/>. It may succeed later.</summary>
    NoMemory,

    /// <summary>A comparison found something else than was expected; nothing was written.</summary>
    Miscompare,
}

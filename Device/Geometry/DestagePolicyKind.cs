namespace BlockEmu.Device.Geometry;

/// <summary>When and in which order pending commands become persistent by themselves (SEMANTICS 3).</summary>
public enum DestagePolicyKind
{
    /// <summary>When the cache is full, the oldest first.</summary>
    Oldest,

    /// <summary>When the cache is full, in an order that the disk's seed draws.</summary>
    Random,

    /// <summary>When nothing has arrived for a while, and when the cache is full; the oldest first.</summary>
    Idle,

    /// <summary>Not before a flush: what does not fit is carried out as with FUA.</summary>
    Never,

    /// <summary>All the time, at a rate, and when the cache is full; the oldest first.</summary>
    Rate,
}

namespace BlockEmu.Device.Isolation;

/// <summary>What commands that run at the same time may see of one another (SEMANTICS 6).</summary>
public enum IsolationMode
{
    /// <summary>NVMe: commands within AWUN and NABSN as <see cref="Range"/>; larger ones may be carried out in several steps.</summary>
    Nvme,

    /// <summary>7th edition UNIX: one command at a time.</summary>
    Exclusive,

    /// <summary>BSD's inode lock: readers together, a writer alone.</summary>
    Shared,

    /// <summary>Byte-range locks: overlapping commands exclude each other.</summary>
    Range,

    /// <summary>Linux's generic write path: a command is cut at 4 KiB borders, and a write locks one page at a time.</summary>
    Page,

    /// <summary>As <see cref="Page"/>, but the next page is locked before the last is let go: overlapping writes cannot mix.</summary>
    HandOverHand,
}

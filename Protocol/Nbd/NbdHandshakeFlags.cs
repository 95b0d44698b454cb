namespace BlockEmu.Protocol.Nbd;

/// <summary>What the server offers in its greeting.</summary>
[Flags]
public enum NbdHandshakeFlags : ushort
{
    None = 0,

    /// <summary><c>NBD_FLAG_FIXED_NEWSTYLE</c>: options are answered.</summary>
    FixedNewstyle = 1 << 0,

    /// <summary><c>NBD_FLAG_NO_ZEROES</c>: EXPORT_NAME may be answered without 124 zeroes.</summary>
    NoZeroes = 1 << 1,
}

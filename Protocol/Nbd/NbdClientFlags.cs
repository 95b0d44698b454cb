namespace BlockEmu.Protocol.Nbd;

/// <summary>What the client takes up of the server's offer; any other bit ends the connection.</summary>
[Flags]
public enum NbdClientFlags : uint
{
    None = 0,

    /// <summary><c>NBD_FLAG_C_FIXED_NEWSTYLE</c>.</summary>
    FixedNewstyle = 1 << 0,

    /// <summary><c>NBD_FLAG_C_NO_ZEROES</c>.</summary>
    NoZeroes = 1 << 1,
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>The facts a client can ask for with INFO and GO.</summary>
public enum NbdInfoType : ushort
{
    /// <summary><c>NBD_INFO_EXPORT</c>: size and flags; always sent.</summary>
    Export = 0,

    /// <summary><c>NBD_INFO_NAME</c>: the canonical name.</summary>
    Name = 1,

    /// <summary><c>NBD_INFO_DESCRIPTION</c>: for people.</summary>
    Description = 2,

    /// <summary><c>NBD_INFO_BLOCK_SIZE</c>: minimum, preferred, maximum payload.</summary>
    BlockSize = 3,
}

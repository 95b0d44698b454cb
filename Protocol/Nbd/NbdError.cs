namespace BlockEmu.Protocol.Nbd;

/// <summary>The errors a reply may carry; there are no others (NBD proto.md, "Error values").</summary>
public enum NbdError : uint
{
    None = 0,

    /// <summary><c>NBD_EPERM</c>: a write to a read-only export.</summary>
    NotPermitted = 1,

    /// <summary><c>NBD_EIO</c>: the medium.</summary>
    InputOutput = 5,

    /// <summary><c>NBD_ENOMEM</c>: should not be sent.</summary>
    NoMemory = 12,

    /// <summary><c>NBD_EINVAL</c>: unknown command or flag, bad range, bad alignment.</summary>
    InvalidArgument = 22,

    /// <summary><c>NBD_ENOSPC</c>: a write past the end, or a full medium.</summary>
    NoSpace = 28,

    /// <summary><c>NBD_EOVERFLOW</c>.</summary>
    Overflow = 75,

    /// <summary><c>NBD_ENOTSUP</c>: a FAST_ZERO that would be slow.</summary>
    NotSupported = 95,

    /// <summary><c>NBD_ESHUTDOWN</c>: the export is off.</summary>
    Shutdown = 108,
}

namespace BlockEmu.Device;

/// <summary>The medium failed: the host's error, with the operation and the place.</summary>
public sealed class DeviceIoException : IOException
{
    /// <summary>Creates the exception for a failed operation on a medium.</summary>
    public DeviceIoException(string message, int errno = 0, Exception? inner = null)
        : base(message, inner)
    {
        Errno = errno;
    }

    /// <summary>The host's <c>errno</c>; 0 when there is none.</summary>
    public int Errno { get; }

    /// <summary>Whether somebody else has the image open, and nothing is wrong with it.</summary>
    public bool IsInUse => Errno == Media.LibC.EAGAIN;

    /// <summary>The first byte of the medium that could not be had, where that is known.</summary>
    public long? OffsetBytes { get; init; }

    /// <summary>Whether the medium is not what it was: nothing that it says counts any more (<see cref="Power.PowerState.Failed"/>).</summary>
    public bool IsMediumLost { get; init; }

    internal DiskStatus ToStatus() => Errno is Media.LibC.ENOSPC or Media.LibC.EDQUOT or Media.LibC.EFBIG
        ? DiskStatus.MediumFull
        : DiskStatus.MediumError;
}

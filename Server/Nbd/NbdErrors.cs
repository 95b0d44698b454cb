using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>The one place where a disk's answer becomes an NBD error.</summary>
internal static class NbdErrors
{
    /// <summary>PowerLost has no error of its own here: what its client sees is the disk's OffBehaviour.</summary>
    public static NbdError Translate(DiskStatus status, NbdCommand command) => status switch
    {
        DiskStatus.Ok => NbdError.None,
        DiskStatus.PowerLost => NbdError.Shutdown,
        DiskStatus.ReadOnly => NbdError.NotPermitted,
        DiskStatus.OutOfRange when command is NbdCommand.Write or NbdCommand.WriteZeroes => NbdError.NoSpace,
        DiskStatus.OutOfRange => NbdError.InvalidArgument,
        DiskStatus.MediumFull => NbdError.NoSpace,
        _ => NbdError.InputOutput,
    };
}

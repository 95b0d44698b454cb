using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>The one place where a disk's answer becomes an NBD error.</summary>
internal static class NbdErrors
{
    /// <summary>As <see cref="Translate"/>, with a sentence.</summary>
    public static NbdRefusal Explain(DiskStatus status, NbdCommand command)
    {
        NbdError error = Translate(status, command);
        return new NbdRefusal(error, error switch
        {
            NbdError.None => "",
            NbdError.Shutdown => PowerIsOff.Why,
            NbdError.NotPermitted => "this disk is read-only",
            NbdError.NoSpace when status == DiskStatus.MediumFull => "the medium is full",
            NbdError.NoMemory => "the host has no memory left for this disk",
            NbdError.InputOutput => "the medium failed",
            _ => "the range does not lie inside the disk",
        });
    }

    /// <summary>What every request is answered with while a disk is off that answers.</summary>
    public static NbdRefusal PowerIsOff { get; } = new(NbdError.Shutdown, "the power of this disk is off");

    /// <summary>What a request is answered with that arrives while the server stops.</summary>
    public static NbdRefusal ServerStops { get; } = new(NbdError.Shutdown, "the server is shutting down");

    /// <summary>PowerLost has no error of its own here: what its client sees is the disk's OffBehaviour.</summary>
    public static NbdError Translate(DiskStatus status, NbdCommand command) => status switch
    {
        DiskStatus.Ok => NbdError.None,
        DiskStatus.PowerLost => NbdError.Shutdown,
        DiskStatus.ReadOnly => NbdError.NotPermitted,
        DiskStatus.OutOfRange when command is NbdCommand.Write or NbdCommand.WriteZeroes => NbdError.NoSpace,
        DiskStatus.OutOfRange => NbdError.InvalidArgument,
        DiskStatus.MediumFull => NbdError.NoSpace,
        DiskStatus.NoMemory => NbdError.NoMemory,
        _ => NbdError.InputOutput,
    };
}

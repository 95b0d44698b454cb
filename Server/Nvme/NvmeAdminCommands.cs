using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>The admin commands of a controller that is ready (Base 5): which status, in one place.</summary>
internal sealed class NvmeAdminCommands(NvmeController controller)
{
    private const uint NotAborted = 1;

    private readonly NvmeFeatures _features = new(controller);

    public NvmeAdminAnswer Run(in NvmeCommand command, Span<byte> dataOut) => command.AdminOpcode switch
    {
        NvmeAdminOpcode.KeepAlive => KeepAlive(),
        NvmeAdminOpcode.AsynchronousEventRequest => RequestEvent(command),
        NvmeAdminOpcode.Identify => Identify(command, dataOut),
        NvmeAdminOpcode.GetLogPage => GetLogPage(command, dataOut),
        NvmeAdminOpcode.GetFeatures => _features.Get(command),
        NvmeAdminOpcode.SetFeatures => _features.Set(command),

        // Commands end by themselves: none is ever aborted, and that is what the result says.
        NvmeAdminOpcode.Abort => NvmeAdminAnswer.Of(NotAborted),
        _ => NvmeStatus.InvalidOpcode.Final,
    };

    private NvmeAdminAnswer KeepAlive()
    {
        controller.KeepAlive.Restart();
        return NvmeAdminAnswer.Success;
    }

    private NvmeAdminAnswer RequestEvent(in NvmeCommand command) =>
        !controller.Events.TryRequest(command.CommandId, out NvmeAsyncEvent? answer)
            ? NvmeStatus.EventRequestLimitExceeded.Final
            : answer is { } what ? NvmeAdminAnswer.Of(what.ToDw0()) : NvmeAdminAnswer.Deferred;

    private NvmeAdminAnswer Identify(in NvmeCommand command, Span<byte> dataOut)
    {
        if (dataOut.Length != NvmeIdentifyController.SizeBytes)
        {
            return NvmeStatus.SglLengthInvalid.Final;
        }

        NvmeStatus status = controller.Role.Identify(controller, command, dataOut);
        return status.IsSuccess ? NvmeAdminAnswer.WithData(dataOut.Length) : status;
    }

    private NvmeAdminAnswer GetLogPage(in NvmeCommand command, Span<byte> dataOut)
    {
        NvmeGetLogPage get = NvmeGetLogPage.From(command);
        if (get.LengthBytes != dataOut.Length)
        {
            return NvmeStatus.SglLengthInvalid.Final;
        }

        if (!get.RetainsEvent)
        {
            // Before the page is read: what happens from here on is an event of its own.
            controller.Events.Read(get.Page);
        }

        if (controller.Role.ReadLogPage(controller, get, command.NamespaceId, out NvmeStatus status) is not { } page)
        {
            return status;
        }

        // Any length: what lies behind the page reads as zeroes. An offset beyond it is refused.
        if (get.IsOffsetAnIndex || get.OffsetBytes % 4 != 0 || get.OffsetBytes > (ulong)page.Length)
        {
            return NvmeStatus.InvalidField.Final;
        }

        ReadOnlySpan<byte> wanted = page.AsSpan((int)get.OffsetBytes);
        wanted = wanted[..Math.Min(wanted.Length, dataOut.Length)];
        wanted.CopyTo(dataOut);
        dataOut[wanted.Length..].Clear();
        return NvmeAdminAnswer.WithData(dataOut.Length);
    }
}

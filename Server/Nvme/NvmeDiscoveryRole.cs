using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A discovery controller (Base 3.1.2.3): tells which subsystems there are, at the address where the host has reached it.</summary>
/// <param name="readLog">The discovery log page.</param>
internal sealed class NvmeDiscoveryRole(Func<byte[]> readLog) : INvmeRole
{
    private const byte DiscoveryController = 2;
    private const byte OffsetsInLogPages = 1 << 2;

    public string SubsystemNqn => NvmeNames.Discovery;

    public NvmeEventMask Events => NvmeEventMask.DiscoveryLog;

    public NvmeNamespace? Namespace => null;

    public NvmeStatus Identify(NvmeController controller, in NvmeCommand command, Span<byte> destination)
    {
        if ((NvmeIdentifyStructure)(byte)command.Cdw10 != NvmeIdentifyStructure.Controller)
        {
            return NvmeStatus.InvalidField.Final;
        }

        new NvmeIdentifyController
        {
            ModelNumber = NvmeSubsystem.Model,
            FirmwareRevision = NvmeSubsystem.Firmware,
            ControllerId = controller.Id,
            Version = NvmeRegisters.Version,
            Events = Events,
            ControllerType = DiscoveryController,
            EventRequestLimit = NvmeLimits.MaxEventRequests - 1,
            LogPageAttributes = OffsetsInLogPages,
            ErrorLogLimit = NvmeLimits.MaxErrors - 1,
            KeepAliveGranularity = NvmeKeepAlive.Granularity,
            MaxTransferShift = NvmeLimits.MaxTransferShift,
            MaxCommands = NvmeLimits.MaxQueueEntries,
            SubsystemNqn = SubsystemNqn,
        }.Write(destination);
        return NvmeStatus.Success;
    }

    public byte[]? ReadLogPage(NvmeController controller, in NvmeGetLogPage get, uint namespaceId, out NvmeStatus status)
    {
        status = NvmeStatus.Success;
        switch (get.Page)
        {
            case NvmeLogPage.SupportedPages:
                return NvmeDiskRole.SupportedLogPages(NvmeLogPage.SupportedPages, NvmeLogPage.Errors, NvmeLogPage.Discovery);
            case NvmeLogPage.Errors:
                return controller.Errors.ToPage();
            case NvmeLogPage.Discovery:
                return readLog();
            default:
                status = NvmeStatus.InvalidLogPage.Final;
                return null;
        }
    }

    public uint? GetFeature(NvmeController controller, NvmeFeature feature, bool isDefault) => null;

    public NvmeStatus SetFeature(NvmeController controller, NvmeFeature feature, uint value) => NvmeStatus.InvalidField.Final;

    public void CountError(NvmeStatus status)
    {
        // Discovery has no health.
    }

    public bool TryFlush(NvmeController controller) => true;
}

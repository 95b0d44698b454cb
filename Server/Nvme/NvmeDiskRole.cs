using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>The controller of a disk: Identify, log pages and features as the disk is at that moment.</summary>
internal sealed class NvmeDiskRole(NvmeSubsystem subsystem) : INvmeRole
{
    private const int IoEntryBytes = 64;
    private const byte IoController = 1;
    private const uint HostIdOf128Bits = 1;
    private const byte FirmwareSlotReadOnly = 0x03;  // FRMW: one slot, which cannot be written
    private const byte LogPageAttributes = 0x07;     // SMART of a namespace, effects log, offsets
    private const byte AbortLimit = 3;
    private const byte CachePresent = 1;
    private const byte FlushOfAll = 3 << 1;
    private const byte ZeroesAndDeac = 0x09;         // DLFEAT: deallocated blocks read as zeroes, Write Zeroes may deallocate
    private const ushort CriticalKelvin = 353;

    private readonly NvmeNamespace _namespace = subsystem.Namespace;

    public string SubsystemNqn => subsystem.Nqn;

    public NvmeEventMask Events => NvmeEventMask.NamespaceAttribute;

    public NvmeNamespace? Namespace => _namespace;

    private Disk Disk => _namespace.Disk;

    public NvmeStatus Identify(NvmeController controller, in NvmeCommand command, Span<byte> destination)
    {
        uint nsid = command.NamespaceId;
        bool isNvmCommandSet = command.Cdw11 >> 24 == 0;
        NvmeIdentifyStructure structure = (NvmeIdentifyStructure)(byte)command.Cdw10;
        NvmeStatus status = structure switch
        {
            NvmeIdentifyStructure.Namespace or NvmeIdentifyStructure.NamespaceDescriptors or NvmeIdentifyStructure.IndependentNamespace =>
                nsid == NvmeNamespace.OnlyId ? NvmeStatus.Success : NvmeStatus.InvalidNamespaceOrFormat.Final,
            NvmeIdentifyStructure.CommandSetNamespace =>
                !isNvmCommandSet ? NvmeStatus.InvalidField.Final
                : nsid == NvmeNamespace.OnlyId ? NvmeStatus.Success : NvmeStatus.InvalidNamespaceOrFormat.Final,
            NvmeIdentifyStructure.ActiveNamespaces => ListStatus(nsid),
            NvmeIdentifyStructure.ActiveNamespacesOfCommandSet => isNvmCommandSet ? ListStatus(nsid) : NvmeStatus.InvalidField.Final,
            NvmeIdentifyStructure.CommandSetController => isNvmCommandSet ? NvmeStatus.Success : NvmeStatus.InvalidField.Final,
            NvmeIdentifyStructure.Controller => NvmeStatus.Success,
            _ => NvmeStatus.InvalidField.Final,
        };
        if (status.IsSuccess)
        {
            Fill(structure, controller, nsid, destination);
        }

        return status;
    }

    public byte[]? ReadLogPage(NvmeController controller, in NvmeGetLogPage get, uint namespaceId, out NvmeStatus status)
    {
        status = NvmeStatus.Success;
        switch (get.Page)
        {
            case NvmeLogPage.SupportedPages:
                return SupportedLogPages(
                    NvmeLogPage.SupportedPages, NvmeLogPage.Errors, NvmeLogPage.Health, NvmeLogPage.Firmware,
                    NvmeLogPage.ChangedNamespaces, NvmeLogPage.Effects);
            case NvmeLogPage.Errors:
                return controller.Errors.ToPage();
            case NvmeLogPage.Health when namespaceId is 0 or NvmeNamespace.OnlyId or NvmeNamespace.Broadcast:
                return subsystem.Health.ToPage(controller.Errors.Count, controller.Settings.IsBeyondThreshold);
            case NvmeLogPage.Health:
                status = NvmeStatus.InvalidNamespaceOrFormat.Final;
                return null;
            case NvmeLogPage.Firmware:
                byte[] firmware = new byte[NvmeFirmwareLog.SizeBytes];
                new NvmeFirmwareLog(NvmeSubsystem.Firmware).Write(firmware);
                return firmware;
            case NvmeLogPage.ChangedNamespaces:
                byte[] changed = new byte[NvmeNamespaceList.SizeBytes];
                NvmeNamespaceList.Write(changed, controller.Events.TakeNamespaceChange(get.RetainsEvent) ? [NvmeNamespace.OnlyId] : []);
                return changed;
            case NvmeLogPage.Effects:
                byte[] effects = new byte[NvmeEffectsLog.SizeBytes];
                NvmeEffectsLog.Write(effects, s_adminCommands, s_ioCommands);
                return effects;
            default:
                status = NvmeStatus.InvalidLogPage.Final;
                return null;
        }
    }

    public uint? GetFeature(NvmeController controller, NvmeFeature feature, bool isDefault) => feature switch
    {
        NvmeFeature.VolatileWriteCache when HasCache => isDefault || !controller.MustForceUnitAccess ? 1u : 0,
        NvmeFeature.WriteAtomicityNormal => !isDefault && Disk.Options.EffectiveAtomicity.Dn ? 1u : 0,
        _ => null,
    };

    public NvmeStatus SetFeature(NvmeController controller, NvmeFeature feature, uint value)
    {
        if (value > 1)
        {
            return NvmeStatus.InvalidField.Final;
        }

        if (feature == NvmeFeature.WriteAtomicityNormal)
        {
            _namespace.Served.Change(o => o with { Atomicity = o.ConfiguredAtomicity with { Dn = value == 1 } });
            return NvmeStatus.Success;
        }

        // Off: what is cached goes to media first, and from here on every write with it.
        controller.MustForceUnitAccess = value == 0;
        return value == 1 || TryFlush(controller) ? NvmeStatus.Success : NvmeStatus.InternalError;
    }

    public void CountError(NvmeStatus status) => subsystem.Health.Count(status);

    public bool TryFlush(NvmeController controller)
    {
        DiskStatus status = Disk.Flush(controller.PowerEpoch);
        if (status != DiskStatus.Ok)
        {
            subsystem.LogFailedFlush(status);
        }

        return status == DiskStatus.Ok;
    }

    private static readonly NvmeAdminOpcode[] s_adminCommands =
    [
        NvmeAdminOpcode.GetLogPage, NvmeAdminOpcode.Identify, NvmeAdminOpcode.Abort, NvmeAdminOpcode.SetFeatures,
        NvmeAdminOpcode.GetFeatures, NvmeAdminOpcode.AsynchronousEventRequest, NvmeAdminOpcode.KeepAlive,
    ];

    private static readonly NvmeIoOpcode[] s_ioCommands =
    [
        NvmeIoOpcode.Flush, NvmeIoOpcode.Write, NvmeIoOpcode.Read, NvmeIoOpcode.WriteUncorrectable, NvmeIoOpcode.Compare,
        NvmeIoOpcode.WriteZeroes, NvmeIoOpcode.DatasetManagement, NvmeIoOpcode.Verify, NvmeIoOpcode.Copy,
    ];

    private bool HasCache => Disk.Options.CacheBytes != 0;

    internal static byte[] SupportedLogPages(params ReadOnlySpan<NvmeLogPage> pages)
    {
        byte[] list = new byte[1024]; // 256 entries of 4 bytes, bit 0 = supported
        foreach (NvmeLogPage page in pages)
        {
            list[(byte)page * 4] = 1;
        }

        return list;
    }

    private static NvmeStatus ListStatus(uint nsid) =>
        nsid >= NvmeNamespace.Broadcast - 1 ? NvmeStatus.InvalidNamespaceOrFormat.Final : NvmeStatus.Success;

    private void Fill(NvmeIdentifyStructure structure, NvmeController controller, uint nsid, Span<byte> destination)
    {
        switch (structure)
        {
            case NvmeIdentifyStructure.Controller:
                DescribeController(controller).Write(destination);
                break;
            case NvmeIdentifyStructure.Namespace:
                DescribeNamespace().Write(destination);
                break;
            case NvmeIdentifyStructure.NamespaceDescriptors:
                new NvmeNamespaceDescriptors(_namespace.Identity.Nguid, _namespace.Identity.Uuid).Write(destination);
                break;
            case NvmeIdentifyStructure.IndependentNamespace:
                new NvmeIndependentNamespace(_namespace.Served.IsRotational, !HasCache, Disk.Options.IsReadOnly, IsReady: true).Write(destination);
                break;
            case NvmeIdentifyStructure.ActiveNamespaces:
            case NvmeIdentifyStructure.ActiveNamespacesOfCommandSet:
                NvmeNamespaceList.Write(destination, nsid < NvmeNamespace.OnlyId ? [NvmeNamespace.OnlyId] : []);
                break;
            default:
                destination.Clear(); // nothing of the NVM command set's own is there to say
                break;
        }
    }

    private NvmeIdentifyController DescribeController(NvmeController controller)
    {
        NvmeAtomicity atomicity = new(Disk.Options, _namespace.Served.NvmePreferences);
        return new NvmeIdentifyController
        {
            SerialNumber = _namespace.Identity.SerialNumber,
            ModelNumber = NvmeSubsystem.Model,
            FirmwareRevision = NvmeSubsystem.Firmware,
            MaxTransferShift = NvmeLimits.MaxTransferShift,
            ControllerId = controller.Id,
            Version = NvmeRegisters.Version,
            Events = Events,
            Attributes = HostIdOf128Bits,
            ControllerType = IoController,
            AbortLimit = AbortLimit,
            EventRequestLimit = NvmeLimits.MaxEventRequests - 1,
            FirmwareUpdates = FirmwareSlotReadOnly,
            LogPageAttributes = LogPageAttributes,
            ErrorLogLimit = NvmeLimits.MaxErrors - 1,
            WarningTemperatureKelvin = NvmeSettings.WarningKelvin,
            CriticalTemperatureKelvin = CriticalKelvin,
            KeepAliveGranularity = NvmeKeepAlive.Granularity,
            MaxCommands = NvmeLimits.MaxQueueEntries,
            NamespaceCount = NvmeNamespace.OnlyId,
            Commands = NvmeOptionalCommands.Compare | NvmeOptionalCommands.WriteUncorrectable | NvmeOptionalCommands.DatasetManagement
                | NvmeOptionalCommands.WriteZeroes | NvmeOptionalCommands.SaveAndSelect | NvmeOptionalCommands.Verify | NvmeOptionalCommands.Copy,
            FusedOperations = 1,
            VolatileWriteCache = (byte)(FlushOfAll | (HasCache ? CachePresent : 0)),
            Awun = atomicity.Awun,
            Awupf = atomicity.Awupf,
            Acwu = atomicity.Acwu,
            CopyFormats = 1,
            SubsystemNqn = SubsystemNqn,
            CommandCapsuleUnits = (IoEntryBytes + NvmeLimits.IoInCapsuleBytes) / 16,
        };
    }

    private NvmeIdentifyNamespace DescribeNamespace()
    {
        NvmeAtomicity atomicity = new(Disk.Options, _namespace.Served.NvmePreferences);
        return new NvmeIdentifyNamespace
        {
            BlockCount = _namespace.BlockCount,
            Features = NvmeNamespaceFeatures.OwnAtomicity | NvmeNamespaceFeatures.OptimalPerformance
                | (atomicity.IsMultiple ? NvmeNamespaceFeatures.MultipleAtomicity : NvmeNamespaceFeatures.None),
            DeallocateFeatures = ZeroesAndDeac,
            Nawun = atomicity.Nawun,
            Nawupf = atomicity.Nawupf,
            Nacwu = atomicity.Nacwu,
            Nabsn = atomicity.Nabsn,
            Nabo = atomicity.Nabo,
            Nabspf = atomicity.Nabspf,
            Npwg = atomicity.Npwg,
            Noiob = atomicity.Noiob,
            MaxCopyRangeBlocks = NvmeLimits.MaxCopyRangeBlocks,
            MaxCopyBlocks = NvmeLimits.MaxCopyBlocks,
            MaxCopyRanges = NvmeLimits.MaxCopyRanges - 1,
            IsWriteProtected = Disk.Options.IsReadOnly,
            Nguid = _namespace.Identity.Nguid,
            BlockShift = (byte)_namespace.BlockShift,
        };
    }
}

using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The Identify Controller data structure, 4,096 bytes (Base 5.17.2.1; NVM Command Set 4.1.5.2).</summary>
/// <remarks>
/// Little endian; what is not named is 0:
/// <code>
/// offset  size  field                               offset  size  field
///      4    20  SN, blank padded                       512     1  SQES 66h
///     24    40  MN, blank padded                       513     1  CQES 44h
///     64     8  FR, blank padded                       514     2  MAXCMD, commands outstanding on a queue
///     76     1  CMIC                                   516     4  NN, largest namespace identifier
///     77     1  MDTS, 4 KiB x 2^n; 0 = no limit        520     2  ONCS
///     78     2  CNTLID                                 522     2  FUSES, bit 0 Compare and Write
///     80     4  VER                                    525     1  VWC, bit 0 present, 2:1 = 11b flush of all
///     92     4  OAES                                   526     2  AWUN, blocks, 0's based
///     96     4  CTRATT, bit 0 HOSTID of 128 bits       528     2  AWUPF, blocks, 0's based
///    111     1  CNTRLTYPE, 1 = I/O, 2 = discovery      532     2  ACWU, blocks, 0's based
///    258     1  ACL, aborts, 0's based                 534     2  OCFS, bit n = Copy format n
///    259     1  AERL, event requests, 0's based        536     4  SGLS
///    260     1  FRMW, bit 0 slot 1 read only, 3:1 = 1  768   256  SUBNQN
///    261     1  LPA                                   1792     4  IOCCSZ, 16 bytes
///    262     1  ELPE, error log entries, 0's based    1796     4  IORCSZ, 16 bytes
///    266     2  WCTEMP, kelvin                        1800     2  ICDOFF
///    268     2  CCTEMP, kelvin                        1803     1  MSDBD
///    320     2  KAS, 100 ms
/// </code>
/// Write and Read mirror each other.
/// </remarks>
public sealed record NvmeIdentifyController
{
    public const int SizeBytes = 4096;

    /// <summary>SGLS: 1:0 = 01b any alignment, bit 20 an offset as the address (in-capsule data).</summary>
    public const uint SglSupport = 1 | (1u << 20);

    private const byte EntrySizes64 = 0x66;
    private const byte EntrySizes16 = 0x44;

    public string SerialNumber { get; init; } = "";

    public string ModelNumber { get; init; } = "";

    public string FirmwareRevision { get; init; } = "";

    /// <summary>CMIC.</summary>
    public byte MultipathCapabilities { get; init; }

    /// <summary>MDTS as an exponent: 4 KiB x 2^n; 0 = no limit.</summary>
    public byte MaxTransferShift { get; init; }

    public ushort ControllerId { get; init; }

    /// <summary>VER: major x 65,536 + minor x 256.</summary>
    public uint Version { get; init; }

    /// <summary>OAES.</summary>
    public NvmeEventMask Events { get; init; }

    /// <summary>CTRATT.</summary>
    public uint Attributes { get; init; }

    /// <summary>CNTRLTYPE.</summary>
    public byte ControllerType { get; init; }

    /// <summary>ACL, 0's based.</summary>
    public byte AbortLimit { get; init; }

    /// <summary>AERL, 0's based.</summary>
    public byte EventRequestLimit { get; init; }

    /// <summary>FRMW.</summary>
    public byte FirmwareUpdates { get; init; }

    /// <summary>LPA.</summary>
    public byte LogPageAttributes { get; init; }

    /// <summary>ELPE, 0's based.</summary>
    public byte ErrorLogLimit { get; init; }

    /// <summary>WCTEMP.</summary>
    public ushort WarningTemperatureKelvin { get; init; }

    /// <summary>CCTEMP.</summary>
    public ushort CriticalTemperatureKelvin { get; init; }

    /// <summary>KAS, units of 100 ms.</summary>
    public ushort KeepAliveGranularity { get; init; }

    /// <summary>MAXCMD.</summary>
    public ushort MaxCommands { get; init; }

    /// <summary>NN.</summary>
    public uint NamespaceCount { get; init; }

    /// <summary>ONCS.</summary>
    public NvmeOptionalCommands Commands { get; init; }

    /// <summary>FUSES.</summary>
    public ushort FusedOperations { get; init; }

    /// <summary>VWC.</summary>
    public byte VolatileWriteCache { get; init; }

    /// <summary>AWUN, 0's based blocks.</summary>
    public ushort Awun { get; init; }

    /// <summary>AWUPF, 0's based blocks.</summary>
    public ushort Awupf { get; init; }

    /// <summary>ACWU, 0's based blocks.</summary>
    public ushort Acwu { get; init; }

    /// <summary>OCFS.</summary>
    public ushort CopyFormats { get; init; }

    /// <summary>SGLS.</summary>
    public uint Sgls { get; init; } = SglSupport;

    public string SubsystemNqn { get; init; } = "";

    /// <summary>IOCCSZ: the command capsule of an I/O queue, units of 16 bytes: the entry, and its data.</summary>
    public uint CommandCapsuleUnits { get; init; }

    /// <summary>IORCSZ: the response capsule, units of 16 bytes.</summary>
    public uint ResponseCapsuleUnits { get; init; } = 1;

    /// <summary>MSDBD.</summary>
    public byte MaxSglDescriptors { get; init; } = 1;

    public static NvmeIdentifyController Read(ReadOnlySpan<byte> source) => new()
    {
        SerialNumber = NvmeText.ReadPadded(source[4..24]),
        ModelNumber = NvmeText.ReadPadded(source[24..64]),
        FirmwareRevision = NvmeText.ReadPadded(source[64..72]),
        MultipathCapabilities = source[76],
        MaxTransferShift = source[77],
        ControllerId = BinaryPrimitives.ReadUInt16LittleEndian(source[78..]),
        Version = BinaryPrimitives.ReadUInt32LittleEndian(source[80..]),
        Events = (NvmeEventMask)BinaryPrimitives.ReadUInt32LittleEndian(source[92..]),
        Attributes = BinaryPrimitives.ReadUInt32LittleEndian(source[96..]),
        ControllerType = source[111],
        AbortLimit = source[258],
        EventRequestLimit = source[259],
        FirmwareUpdates = source[260],
        LogPageAttributes = source[261],
        ErrorLogLimit = source[262],
        WarningTemperatureKelvin = BinaryPrimitives.ReadUInt16LittleEndian(source[266..]),
        CriticalTemperatureKelvin = BinaryPrimitives.ReadUInt16LittleEndian(source[268..]),
        KeepAliveGranularity = BinaryPrimitives.ReadUInt16LittleEndian(source[320..]),
        MaxCommands = BinaryPrimitives.ReadUInt16LittleEndian(source[514..]),
        NamespaceCount = BinaryPrimitives.ReadUInt32LittleEndian(source[516..]),
        Commands = (NvmeOptionalCommands)BinaryPrimitives.ReadUInt16LittleEndian(source[520..]),
        FusedOperations = BinaryPrimitives.ReadUInt16LittleEndian(source[522..]),
        VolatileWriteCache = source[525],
        Awun = BinaryPrimitives.ReadUInt16LittleEndian(source[526..]),
        Awupf = BinaryPrimitives.ReadUInt16LittleEndian(source[528..]),
        Acwu = BinaryPrimitives.ReadUInt16LittleEndian(source[532..]),
        CopyFormats = BinaryPrimitives.ReadUInt16LittleEndian(source[534..]),
        Sgls = BinaryPrimitives.ReadUInt32LittleEndian(source[536..]),
        SubsystemNqn = NvmeText.ReadPadded(source[768..1024]),
        CommandCapsuleUnits = BinaryPrimitives.ReadUInt32LittleEndian(source[1792..]),
        ResponseCapsuleUnits = BinaryPrimitives.ReadUInt32LittleEndian(source[1796..]),
        MaxSglDescriptors = source[1803],
    };

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        NvmeText.WritePadded(destination[4..24], SerialNumber);
        NvmeText.WritePadded(destination[24..64], ModelNumber);
        NvmeText.WritePadded(destination[64..72], FirmwareRevision);
        destination[76] = MultipathCapabilities;
        destination[77] = MaxTransferShift;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[78..], ControllerId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[80..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[92..], (uint)Events);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[96..], Attributes);
        destination[111] = ControllerType;
        destination[258] = AbortLimit;
        destination[259] = EventRequestLimit;
        destination[260] = FirmwareUpdates;
        destination[261] = LogPageAttributes;
        destination[262] = ErrorLogLimit;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[266..], WarningTemperatureKelvin);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[268..], CriticalTemperatureKelvin);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[320..], KeepAliveGranularity);
        destination[512] = EntrySizes64;
        destination[513] = EntrySizes16;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[514..], MaxCommands);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[516..], NamespaceCount);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[520..], (ushort)Commands);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[522..], FusedOperations);
        destination[525] = VolatileWriteCache;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[526..], Awun);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[528..], Awupf);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[532..], Acwu);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[534..], CopyFormats);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[536..], Sgls);
        NvmeText.WriteName(destination.Slice(768, 256), SubsystemNqn);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[1792..], CommandCapsuleUnits);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[1796..], ResponseCapsuleUnits);
        destination[1803] = MaxSglDescriptors;
    }
}

using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.Tests.Nvme;

/// <summary>Identify's structures against their bytes, both ways.</summary>
public sealed class NvmeIdentifyTests
{
    private static readonly UInt128 s_nguid = UInt128.Parse("0102030405060708090A0B0C0D0E0F10", System.Globalization.NumberStyles.HexNumber);

    [Fact]
    public void Identify_controller_has_every_field_in_its_place()
    {
        NvmeIdentifyController controller = new()
        {
            SerialNumber = "S1",
            ModelNumber = "M1",
            FirmwareRevision = "F1",
            MultipathCapabilities = 0x0A,
            MaxTransferShift = 8,
            ControllerId = 0x1234,
            Version = 0x20000,
            Events = NvmeEventMask.NamespaceAttribute | NvmeEventMask.DiscoveryLog,
            Attributes = 1,
            ControllerType = 2,
            AbortLimit = 3,
            EventRequestLimit = 4,
            FirmwareUpdates = 5,
            LogPageAttributes = 6,
            ErrorLogLimit = 7,
            WarningTemperatureKelvin = 0x157,
            CriticalTemperatureKelvin = 0x161,
            KeepAliveGranularity = 9,
            MaxCommands = 128,
            NamespaceCount = 1,
            Commands = NvmeOptionalCommands.Compare | NvmeOptionalCommands.Verify | NvmeOptionalCommands.Copy,
            FusedOperations = 1,
            VolatileWriteCache = 7,
            Awun = 0x1F,
            Awupf = 0x0F,
            Acwu = 0x07,
            CopyFormats = 1,
            SubsystemNqn = "nqn.x",
            CommandCapsuleUnits = 0x404,
        };
        byte[] bytes = Bytes.Of(NvmeIdentifyController.SizeBytes, controller.Write);
        Assert.Equal("5331" + string.Concat(Enumerable.Repeat("20", 18)), bytes.At(4, 20));
        Assert.Equal("4D31" + string.Concat(Enumerable.Repeat("20", 38)), bytes.At(24, 40));
        Assert.Equal("4631202020202020", bytes.At(64, 8));
        Assert.Equal("0A08" + "3412" + "00000200", bytes.At(76, 8));
        Assert.Equal("00010080" + "01000000", bytes.At(92, 8));
        Assert.Equal("02", bytes.At(111, 1));
        Assert.Equal("0304050607", bytes.At(258, 5));
        Assert.Equal("5701" + "6101", bytes.At(266, 4));
        Assert.Equal("0900", bytes.At(320, 2));
        Assert.Equal("6644" + "8000" + "01000000" + "8101" + "0100" + "00" + "07", bytes.At(512, 14));
        Assert.Equal("1F00" + "0F00" + "0000" + "0700" + "0100" + "01001000", bytes.At(526, 14));
        Assert.Equal("6E716E2E7800", bytes.At(768, 6));
        Assert.Equal("04040000" + "01000000" + "0000" + "00" + "01", bytes.At(1792, 12));
        bytes.IsZeroOutside(
            (4, 68), (76, 8), (92, 8), (111, 1), (258, 5), (266, 4), (320, 2), (512, 14), (526, 14), (768, 5), (1792, 12));
        Assert.Equal(controller, NvmeIdentifyController.Read(bytes));
    }

    [Fact]
    public void Identify_namespace_has_every_field_in_its_place()
    {
        NvmeIdentifyNamespace ns = new()
        {
            BlockCount = 0x0102_0304_0506,
            Features = NvmeNamespaceFeatures.OwnAtomicity | NvmeNamespaceFeatures.OptimalPerformance | NvmeNamespaceFeatures.MultipleAtomicity,
            MultipathCapabilities = 1,
            DeallocateFeatures = 9,
            Nawun = 0x21,
            Nawupf = 0x22,
            Nacwu = 0x23,
            Nabsn = 0x24,
            Nabo = 0x25,
            Nabspf = 0x26,
            Noiob = 0x27,
            Npwg = 7,
            MaxCopyRangeBlocks = 0x28,
            MaxCopyBlocks = 0x29,
            MaxCopyRanges = 0x2A,
            IsWriteProtected = true,
            Nguid = s_nguid,
            BlockShift = 12,
        };
        byte[] bytes = Bytes.Of(NvmeIdentifyNamespace.SizeBytes, ns.Write);
        Assert.Equal("0605040302010000" + "0605040302010000" + "0605040302010000" + "52" + "0000", bytes.At(0, 27));
        Assert.Equal("01" + "0000" + "09", bytes.At(30, 4));
        Assert.Equal("2100" + "2200" + "2300" + "2400" + "2500" + "2600" + "2700", bytes.At(34, 14));
        Assert.Equal("0700" + "0700" + "0000" + "0000" + "0000" + "2800" + "29000000" + "2A", bytes.At(64, 17));
        Assert.Equal("01", bytes.At(99, 1));
        Assert.Equal("0102030405060708090A0B0C0D0E0F10", bytes.At(104, 16));
        Assert.Equal("00000C00", bytes.At(128, 4));
        bytes.IsZeroOutside((0, 25), (30, 1), (33, 15), (64, 17), (99, 1), (104, 16), (130, 1));
        Assert.Equal(ns, NvmeIdentifyNamespace.Read(bytes));
    }

    [Fact]
    public void Descriptors_are_nguid_uuid_and_command_set()
    {
        NvmeNamespaceDescriptors ids = new(s_nguid, new Guid("00112233-4455-8677-8899-aabbccddeeff"));
        byte[] bytes = Bytes.Of(NvmeNamespaceDescriptors.SizeBytes, b => ids.Write(b));
        Assert.Equal(
            "02100000" + "0102030405060708090A0B0C0D0E0F10" + "03100000" + "00112233445586778899AABBCCDDEEFF" + "04010000" + "00" + "00000000",
            bytes.At(0, 49));
        bytes.IsZeroOutside((0, 45));
        Assert.Equal(ids, NvmeNamespaceDescriptors.Read(bytes));
    }

    [Fact]
    public void The_independent_structure_says_whether_the_namespace_is_ready()
    {
        NvmeIndependentNamespace ns = new(true, true, true, true);
        byte[] bytes = Bytes.Of(NvmeIndependentNamespace.SizeBytes, b => ns.Write(b));
        Assert.Equal("30" + "00000000000000000000" + "0000" + "01" + "01", bytes.At(0, 15));
        bytes.IsZeroOutside((0, 15));
        Assert.Equal(ns, NvmeIndependentNamespace.Read(bytes));
        Assert.Equal(default, NvmeIndependentNamespace.Read(new byte[4096]));
    }

    [Fact]
    public void A_namespace_list_ends_at_zero_and_holds_1024()
    {
        byte[] bytes = Bytes.Of(NvmeNamespaceList.SizeBytes, b => NvmeNamespaceList.Write(b, [1, 0x01020304]));
        Assert.Equal("01000000" + "04030201" + "00000000", bytes.At(0, 12));
        bytes.IsZeroOutside((0, 8));
        Assert.Equal([1u, 0x01020304u], NvmeNamespaceList.Read(bytes));
        uint[] full = [.. Enumerable.Range(1, 1024).Select(i => (uint)i)];
        NvmeNamespaceList.Write(bytes, full);
        Assert.Equal(full, NvmeNamespaceList.Read(bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => NvmeNamespaceList.Write(bytes, [.. full, 1025]));
    }
}

using System.Net;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.Tests.Nvme;

/// <summary>Log pages against their bytes, both ways.</summary>
public sealed class NvmeLogPageTests
{
    [Fact]
    public void The_health_log_counts_in_its_places()
    {
        NvmeHealthLog log = new()
        {
            TemperatureKelvin = 0x012A,
            AvailableSparePercent = 100,
            SpareThresholdPercent = 10,
            DataUnitsRead = 1,
            DataUnitsWritten = 2,
            HostReads = 3,
            HostWrites = 4,
            PowerCycles = 5,
            PowerOnHours = 6,
            UnsafeShutdowns = 7,
            MediaErrors = 8,
            ErrorLogEntries = 0x0102_0304_0506_0708,
        };
        byte[] bytes = Bytes.Of(NvmeHealthLog.SizeBytes, log.Write);
        Assert.Equal("00" + "2A01" + "64" + "0A", bytes.At(0, 5));
        int[] places = [32, 48, 64, 80, 112, 128, 144, 160];
        for (int i = 0; i < places.Length; i++)
        {
            Assert.Equal($"{i + 1:X2}" + new string('0', 30), bytes.At(places[i], 16));
        }

        Assert.Equal("0807060504030201" + "0000000000000000", bytes.At(176, 16));
        bytes.IsZeroOutside([(1, 4), .. places.Select(p => (p, 1)), (176, 8)]);
        Assert.Equal(log, NvmeHealthLog.Read(bytes));
    }

    [Fact]
    public void An_error_entry_is_64_bytes()
    {
        NvmeErrorLogEntry entry = new(0x0102, 3, 0x1234, NvmeStatus.CompareFailure.Final, 0x11223344, 1);
        byte[] bytes = Bytes.Of(NvmeErrorLogEntry.SizeBytes, b => entry.Write(b));
        Assert.Equal(
            "0201000000000000" + "0300" + "3412" + "0A85" + "FFFF" + "4433221100000000" + "01000000" + "00" + "03", bytes.At(0, 30));
        bytes.IsZeroOutside((0, 30));
        Assert.Equal(entry, NvmeErrorLogEntry.Read(bytes));
    }

    [Fact]
    public void The_firmware_log_has_one_slot()
    {
        NvmeFirmwareLog log = new("0.1.0");
        byte[] bytes = Bytes.Of(NvmeFirmwareLog.SizeBytes, b => log.Write(b));
        Assert.Equal("01" + "00000000000000" + "302E312E30202020", bytes.At(0, 16));
        bytes.IsZeroOutside((0, 16));
        Assert.Equal(log, NvmeFirmwareLog.Read(bytes));
    }

    [Fact]
    public void The_effects_log_says_which_commands_change_blocks()
    {
        byte[] bytes = Bytes.Of(
            NvmeEffectsLog.SizeBytes, b => NvmeEffectsLog.Write(b, [NvmeAdminOpcode.Identify], [NvmeIoOpcode.Write, NvmeIoOpcode.Read]));
        Assert.Equal("01000000", bytes.At(6 * 4, 4));
        Assert.Equal("03000000" + "01000000", bytes.At(1024 + 4, 8));
        bytes.IsZeroOutside((24, 4), (1028, 8));
        Assert.Equal(NvmeEffectsLog.Supported, NvmeEffectsLog.ReadAdmin(bytes, 6));
        Assert.Equal(NvmeEffectsLog.Supported | NvmeEffectsLog.ChangesBlocks, NvmeEffectsLog.ReadIo(bytes, 1));
        Assert.Equal(0u, NvmeEffectsLog.ReadIo(bytes, 0));
    }

    [Fact]
    public void The_discovery_header_counts_its_records()
    {
        NvmeDiscoveryHeader header = new(0x0102, 3);
        byte[] bytes = Bytes.Of(NvmeDiscoveryHeader.SizeBytes, b => header.Write(b));
        Assert.Equal("0201000000000000" + "0300000000000000" + "0000", bytes.At(0, 18));
        bytes.IsZeroOutside((0, 16));
        Assert.Equal(header, NvmeDiscoveryHeader.Read(bytes));
    }

    [Theory]
    [InlineData("127.0.0.1", "01", "3132372E302E302E31")]
    [InlineData("::1", "02", "3A3A31")]
    public void A_discovery_record_names_a_subsystem_and_its_address(string address, string family, string text)
    {
        NvmeDiscoveryRecord record = new(new IPEndPoint(IPAddress.Parse(address), 4420), "nqn.x", 7, 32);
        byte[] bytes = Bytes.Of(NvmeDiscoveryRecord.SizeBytes, record.Write);
        Assert.Equal("03" + family + "02" + "04" + "0700" + "FFFF" + "2000" + "0000", bytes.At(0, 12));
        Assert.Equal("34343230" + string.Concat(Enumerable.Repeat("20", 28)), bytes.At(32, 32));
        Assert.Equal("6E716E2E7800", bytes.At(256, 6));
        Assert.Equal(text + "20", bytes.At(512, (text.Length / 2) + 1));
        Assert.Equal("00", bytes.At(768, 1));
        bytes.IsZeroOutside((0, 10), (32, 32), (256, 5), (512, 256));
        Assert.Equal(record, NvmeDiscoveryRecord.Read(bytes));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(32, (byte)'x')]
    [InlineData(512, (byte)'x')]
    [InlineData(256, 0)]
    public void A_discovery_record_that_says_nothing_we_know_is_left_out(int offset, byte value)
    {
        byte[] bytes = Bytes.Of(
            NvmeDiscoveryRecord.SizeBytes, new NvmeDiscoveryRecord(new IPEndPoint(IPAddress.Loopback, 4420), "nqn.x", 1, 32).Write);
        bytes[offset] = value;
        Assert.Null(NvmeDiscoveryRecord.Read(bytes));
    }
}

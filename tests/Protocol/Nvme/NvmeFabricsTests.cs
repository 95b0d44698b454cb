using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.Tests.Nvme;

/// <summary>Fabrics commands, properties and admin fields against their bytes, both ways.</summary>
public sealed class NvmeFabricsTests
{
    [Fact]
    public void A_connect_command_is_as_Linux_sends_it()
    {
        NvmeConnect connect = new(0, 3, 128, true, 5000);
        byte[] bytes = Bytes.Of(64, b => connect.ToCommand(0x0102).Write(b));
        Assert.Equal("7F40" + "0201" + "01000000", bytes.At(0, 8));
        Assert.Equal("0000000000000000" + "00040000" + "00000001", bytes.At(24, 16));
        Assert.Equal("0000" + "0300" + "7F00" + "0400" + "88130000", bytes.At(40, 12));
        NvmeCommand command = NvmeCommand.Read(bytes);
        Assert.Equal(NvmeFabricsType.Connect, command.FabricsType);
        Assert.Equal(connect, NvmeConnect.From(command));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_537)]
    public void A_connect_cannot_say_a_queue_without_entries_or_with_too_many(int entries) =>
        Assert.Throws<OverflowException>(() => new NvmeConnect(0, 0, entries, false, 0).ToCommand(1));

    [Fact]
    public void Connect_data_is_1024_bytes()
    {
        NvmeConnectData data = new(0x0102, 0xFFFF, "nqn.2026-11.io.example:a", "nqn.2014-08.org.nvmexpress:uuid:b");
        byte[] bytes = Bytes.Of(NvmeConnectData.SizeBytes, data.Write);
        Assert.Equal("0201" + new string('0', 28) + "FFFF", bytes.At(0, 18));
        Assert.Equal("6E716E2E323032362D31312E696F2E6578616D706C653A61" + "00", bytes.At(256, 25));
        Assert.Equal("6E716E2E", bytes.At(512, 4));
        bytes.IsZeroOutside((0, 18), (256, 24), (512, 33));
        Assert.Equal(data, NvmeConnectData.Read(bytes));
    }

    [Fact]
    public void A_name_without_its_end_or_no_text_is_none()
    {
        byte[] bytes = new byte[NvmeConnectData.SizeBytes];
        bytes.AsSpan(256, 223).Fill((byte)'x');
        bytes.AsSpan(512, 224).Fill((byte)'x');
        NvmeConnectData data = NvmeConnectData.Read(bytes);
        Assert.Equal(new string('x', 223), data.SubsystemNqn);
        Assert.Null(data.HostNqn);
        bytes[256] = 0;
        bytes[512] = 0xC3;
        bytes[513] = 0x28;
        bytes[514] = 0;
        Assert.Null(NvmeConnectData.Read(bytes).SubsystemNqn);
        Assert.Null(NvmeConnectData.Read(bytes).HostNqn);
    }

    [Fact]
    public void A_name_that_is_too_long_is_not_written()
    {
        NvmeConnectData data = new(1, 1, new string('x', 224), "h");
        Assert.Throws<ArgumentException>(() => data.Write(new byte[NvmeConnectData.SizeBytes]));
    }

    [Fact]
    public void Property_commands_are_as_Linux_sends_them()
    {
        byte[] set = Bytes.Of(64, b => NvmePropertyAccess.Set(NvmeProperty.Configuration, 0x46_0001, 5).Write(b));
        Assert.Equal("7F40" + "0500" + "00000000", set.At(0, 8));
        Assert.Equal("00000000" + "14000000" + "01004600" + "00000000", set.At(40, 16));
        byte[] get = Bytes.Of(64, b => NvmePropertyAccess.Get(NvmeProperty.Capabilities, 5).Write(b));
        Assert.Equal("04000000", get.At(4, 4));
        Assert.Equal("01000000" + "00000000" + "00000000", get.At(40, 12));
        Assert.Equal(new NvmePropertyAccess(NvmeProperty.Configuration, 4, 0x46_0001), NvmePropertyAccess.From(NvmeCommand.Read(set)));
        Assert.Equal(new NvmePropertyAccess(NvmeProperty.Capabilities, 8, 0), NvmePropertyAccess.From(NvmeCommand.Read(get)));
        Assert.Equal(0, NvmePropertyAccess.From(new NvmeCommand { Cdw10 = 2 }).SizeBytes);
    }

    [Fact]
    public void Capabilities_are_a_number()
    {
        NvmeCapabilities capabilities = new(128, 30);
        Assert.Equal(0x0000_0020_1E01_007Ful, capabilities.ToValue());
        Assert.Equal(capabilities, NvmeCapabilities.FromValue(0x0000_0020_1E01_007F));
    }

    [Fact]
    public void A_configuration_falls_into_its_fields()
    {
        NvmeConfiguration cc = NvmeConfiguration.Enabled;
        Assert.True(cc is { IsEnabled: true, SubmissionEntryShift: 6, CompletionEntryShift: 4, CommandSet: 0, MemoryPageSize: 0, Arbitration: 0 });
        Assert.Equal(0x46_4001u, cc.WithShutdown(1).Value);
        Assert.Equal(2, cc.WithShutdown(2).ShutdownNotice);
        Assert.False(cc.Disabled().IsEnabled);
        NvmeConfiguration odd = new(0xFFFF_FFFF);
        Assert.True(odd is { CommandSet: 7, MemoryPageSize: 15, Arbitration: 7, ShutdownNotice: 3, SubmissionEntryShift: 15, CompletionEntryShift: 15 });
        Assert.Equal(8u, (uint)NvmeControllerStatus.ShutdownComplete);
    }

    [Fact]
    public void Get_log_page_says_its_length_in_double_words()
    {
        NvmeGetLogPage get = new(NvmeLogPage.Discovery, 0x1_0000_0400, 1024, true, false);
        byte[] bytes = Bytes.Of(64, b => get.ToCommand(9).Write(b));
        Assert.Equal("02400900" + "FFFFFFFF", bytes.At(0, 8));
        Assert.Equal("7080FF00" + "00000000" + "00040000" + "01000000" + "00000000", bytes.At(40, 20));
        Assert.Equal(get, NvmeGetLogPage.From(NvmeCommand.Read(bytes)));
        NvmeGetLogPage large = new(NvmeLogPage.Errors, 2, 0x4_0000_0000, false, true);
        Assert.Equal(large, NvmeGetLogPage.From(new NvmeCommand { Cdw10 = 0xFFFF_0001, Cdw11 = 0xFFFF, Cdw12 = 2, Cdw14 = 1 << 23 }));
        Assert.Throws<InvalidOperationException>(() => (get with { LengthBytes = 6 }).ToCommand(1));
    }

    [Fact]
    public void Events_are_as_Linux_reads_them()
    {
        Assert.Equal(0x0004_0002u, NvmeAsyncEvent.NamespaceChanged.ToDw0());
        Assert.Equal(0x0070_F002u, NvmeAsyncEvent.DiscoveryChanged.ToDw0());
        Assert.Equal(NvmeAsyncEvent.DiscoveryChanged, NvmeAsyncEvent.FromDw0(0x0070_F002));
    }
}

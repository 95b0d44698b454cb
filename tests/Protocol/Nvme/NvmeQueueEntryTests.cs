using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.Tests.Nvme;

/// <summary>Submission and completion queue entries against their bytes, both ways.</summary>
public sealed class NvmeQueueEntryTests
{
    [Fact]
    public void A_command_is_64_bytes()
    {
        NvmeCommand command = new()
        {
            Opcode = 0x02,
            Fuse = NvmeFuse.Second,
            Psdt = NvmeCommand.PsdtSgl,
            CommandId = 0x1234,
            NamespaceId = 0xA1B2C3D4,
            Data = new NvmeSgl(0x0102030405060708, 0x11121314, 0x5A),
            Cdw10 = 0x10101011,
            Cdw11 = 0x20202021,
            Cdw12 = 0x30303031,
            Cdw13 = 0x40404041,
            Cdw14 = 0x50505051,
            Cdw15 = 0x60606061,
        };
        byte[] bytes = new byte[NvmeCommand.SizeBytes];
        bytes.AsSpan().Fill(0xEE);
        command.Write(bytes);
        Assert.Equal(
            "02" + "42" + "3412" + "D4C3B2A1" + "00000000000000000000000000000000"
            + "0807060504030201" + "14131211" + "000000" + "5A"
            + "11101010" + "21202020" + "31303030" + "41404040" + "51505050" + "61606060",
            Convert.ToHexString(bytes));
        Assert.Equal(command, NvmeCommand.Read(bytes));
    }

    [Fact]
    public void A_write_with_fua_names_its_blocks()
    {
        NvmeCommand write = NvmeCommand.OnBlocks(NvmeIoOpcode.Write, 7, 1, 0x1_0000_003F, 32, NvmeSgl.InCapsule(16384)).WithForceUnitAccess();
        byte[] bytes = new byte[NvmeCommand.SizeBytes];
        write.Write(bytes);
        Assert.Equal("01400700" + "01000000", Convert.ToHexString(bytes[..8]));
        Assert.Equal("0000000000000000" + "00400000" + "00000001" + "3F000000" + "01000000" + "1F000040", Convert.ToHexString(bytes[24..52]));
        NvmeCommand read = NvmeCommand.Read(bytes);
        Assert.Equal(0x1_0000_003Fu, read.StartingLba);
        Assert.Equal(32, read.BlockCount);
        Assert.True(read.ForceUnitAccess);
        Assert.False(read.Deallocate);
        Assert.Equal(NvmeSglKind.InCapsule, read.Data.Kind);
        Assert.Equal(16384u, read.Data.LengthBytes);
    }

    [Fact]
    public void A_command_may_name_65536_blocks_and_no_more()
    {
        Assert.Equal(65_536, NvmeCommand.OnBlocks(NvmeIoOpcode.Verify, 1, 1, 0, 65_536).BlockCount);
        Assert.Throws<OverflowException>(() => NvmeCommand.OnBlocks(NvmeIoOpcode.Verify, 1, 1, 0, 65_537));
        Assert.Throws<OverflowException>(() => NvmeCommand.OnBlocks(NvmeIoOpcode.Verify, 1, 1, 0, 0));
    }

    [Fact]
    public void Bits_of_the_nvm_command_set_are_where_the_specification_has_them()
    {
        Assert.True(new NvmeCommand { Cdw12 = 1u << 25 }.Deallocate);
        Assert.True(new NvmeCommand { Cdw12 = 1u << 30 }.ForceUnitAccess);
        Assert.Equal(0xF, new NvmeCommand { Cdw12 = 0xFu << 26 }.ProtectionInformation);
        Assert.True(new NvmeCommand { Cdw11 = 4 }.RangesDeallocate);
        Assert.False(new NvmeCommand { Cdw11 = 3 }.RangesDeallocate);
        Assert.Equal(256, new NvmeCommand { Opcode = 0x09, Cdw10 = 0xFFFFFFFF }.RangeCount);
        Assert.Equal(3, new NvmeCommand { Opcode = 0x19, Cdw10 = 0xFF, Cdw12 = 0x0102 }.RangeCount);
        Assert.Equal(1, new NvmeCommand { Opcode = 0x19, Cdw12 = 0x0102 }.CopyFormat);
        Assert.Equal(NvmeFabricsType.Connect, new NvmeCommand { Opcode = 0x7F, NamespaceId = 0xFFFFFF01 }.FabricsType);
    }

    [Theory]
    [InlineData(0x01, NvmeSglKind.InCapsule)]
    [InlineData(0x5A, NvmeSglKind.Transport)]
    [InlineData(0x00, NvmeSglKind.Unknown)]
    [InlineData(0x40, NvmeSglKind.Unknown)]
    [InlineData(0x5B, NvmeSglKind.Unknown)]
    [InlineData(0x10, NvmeSglKind.Unknown)]
    public void Two_kinds_of_sgl_are_spoken(byte identifier, NvmeSglKind kind) => Assert.Equal(kind, new NvmeSgl(0, 0, identifier).Kind);

    [Fact]
    public void A_completion_is_16_bytes()
    {
        NvmeCompletion completion = new(0x1122334455667788, 0x0A0B, 0x0C0D, 0x1234, NvmeStatus.ConnectInvalidParameter.Final);
        byte[] bytes = new byte[NvmeCompletion.SizeBytes];
        completion.Write(bytes);
        Assert.Equal("8877665544332211" + "0B0A" + "0D0C" + "3412" + "0483", Convert.ToHexString(bytes));
        Assert.Equal(completion, NvmeCompletion.Read(bytes));
        Assert.Equal(0x55667788u, completion.Dw0);
    }

    [Theory]
    [InlineData(0, 0x00, false, 0x0000)]
    [InlineData(0, 0x80, false, 0x0100)]
    [InlineData(0, 0xFF, true, 0x81FE)]
    [InlineData(2, 0x85, true, 0x850A)]
    [InlineData(7, 0xFF, false, 0x0FFE)]
    public void A_status_leaves_the_phase_bit_alone(byte type, byte code, bool isFinal, int wire)
    {
        NvmeStatus status = new(type, code, isFinal);
        Assert.Equal(wire, status.ToWire());
        Assert.Equal(status, NvmeStatus.FromWire((ushort)wire));
        Assert.Equal(status, NvmeStatus.FromWire((ushort)(wire | 0x7001)));
    }

    [Fact]
    public void A_status_says_itself_in_words()
    {
        Assert.Equal("1/82h", NvmeStatus.ConnectInvalidParameter.ToString());
        Assert.Equal("2/81h DNR", NvmeStatus.UnrecoveredReadError.Final.ToString());
        Assert.True(NvmeStatus.Success.IsSuccess);
        Assert.False(NvmeStatus.InternalPathError.IsSuccess);
    }

    [Fact]
    public void A_connect_fault_says_where()
    {
        Assert.Equal(0x0001_0100u, NvmeConnectFault.InData(256).ToDw0());
        Assert.Equal(0x0000_002Cu, NvmeConnectFault.InCommand(44).ToDw0());
        Assert.Equal(NvmeConnectFault.InData(256), NvmeConnectFault.FromDw0(0x0001_0100));
    }

    [Fact]
    public void A_dataset_management_range_is_16_bytes()
    {
        byte[] bytes = new byte[NvmeDsmRange.SizeBytes];
        NvmeDsmRange range = new(0x1122334455667788, 0x01020304);
        range.Write(bytes);
        Assert.Equal("00000000" + "04030201" + "8877665544332211", Convert.ToHexString(bytes));
        Assert.Equal(range, NvmeDsmRange.Read(bytes));
    }

    [Fact]
    public void A_copy_range_is_32_bytes_and_0s_based()
    {
        byte[] bytes = new byte[NvmeCopyRange.SizeBytes];
        NvmeCopyRange range = new(0x1122334455667788, 65_536);
        range.Write(bytes);
        Assert.Equal("0000000000000000" + "8877665544332211" + "FFFF" + "0000000000000000000000000000", Convert.ToHexString(bytes));
        Assert.Equal(range, NvmeCopyRange.Read(bytes));
        Assert.Throws<OverflowException>(() => new NvmeCopyRange(0, 0).Write(new byte[NvmeCopyRange.SizeBytes]));
    }
}

using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Protocol.Tests.Nbd;

public sealed class NbdRequestJudgeTests
{
    private const ulong Size = 1 << 20;
    private const ulong Huge = 0xFFFF_FFFF_FFFF_FE00;

    private const NbdTransmissionFlags AllFlags =
        NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua
        | NbdTransmissionFlags.SendTrim | NbdTransmissionFlags.SendWriteZeroes | NbdTransmissionFlags.CanMultiConn
        | NbdTransmissionFlags.SendCache | NbdTransmissionFlags.SendFastZero;

    private static readonly NbdExport Export = new()
    {
        Name = "x",
        SizeBytes = (long)Size,
        Flags = AllFlags,
        BlockSizes = new NbdBlockSizes(1, 4096, 64 << 20),
    };

    private static NbdError Judge(
        NbdCommand command, NbdCommandFlags flags = NbdCommandFlags.None, ulong offset = 0, ulong length = 512, NbdExport? export = null) =>
        NbdRequestJudge.Judge(new NbdRequestHeader(flags, command, 1, offset, length), new NbdSessionTerms(export ?? Export)).Error;

    [Theory]
    [InlineData(NbdCommand.Read, NbdError.InvalidArgument)]
    [InlineData(NbdCommand.Write, NbdError.NoSpace)]
    [InlineData(NbdCommand.WriteZeroes, NbdError.NoSpace)]
    [InlineData(NbdCommand.Trim, NbdError.InvalidArgument)]
    [InlineData(NbdCommand.Cache, NbdError.InvalidArgument)]
    public void X2_a_range_past_the_end_has_the_commands_own_error(NbdCommand command, NbdError error)
    {
        Assert.Equal(NbdError.None, Judge(command, offset: Size - 512));
        Assert.Equal(error, Judge(command, offset: Size - 511));
        Assert.Equal(error, Judge(command, offset: Size));
        Assert.Equal(error, Judge(command, length: Size + 1));
    }

    [Theory]
    [InlineData(NbdCommand.Read, NbdError.InvalidArgument)]
    [InlineData(NbdCommand.Write, NbdError.NoSpace)]
    [InlineData(NbdCommand.WriteZeroes, NbdError.NoSpace)]
    [InlineData(NbdCommand.Trim, NbdError.InvalidArgument)]
    public void Q7_offset_plus_length_does_not_wrap(NbdCommand command, NbdError error)
    {
        Assert.Equal(error, Judge(command, offset: Huge, length: 512));
        Assert.Equal(error, Judge(command, offset: ulong.MaxValue, length: uint.MaxValue));
    }

    [Theory]
    [InlineData(NbdCommand.Read)]
    [InlineData(NbdCommand.Write)]
    [InlineData(NbdCommand.Trim)]
    [InlineData(NbdCommand.WriteZeroes)]
    [InlineData(NbdCommand.Cache)]
    public void Q_zero_length_is_fine_up_to_the_end(NbdCommand command)
    {
        Assert.Equal(NbdError.None, Judge(command, length: 0));
        Assert.Equal(NbdError.None, Judge(command, offset: Size, length: 0));
        Assert.NotEqual(NbdError.None, Judge(command, offset: Size + 1, length: 0));
    }

    [Theory]
    [InlineData(NbdCommand.Read)]
    [InlineData(NbdCommand.Write)]
    [InlineData(NbdCommand.Trim)]
    [InlineData(NbdCommand.WriteZeroes)]
    [InlineData(NbdCommand.Cache)]
    [InlineData(NbdCommand.Flush)]
    public void Q9_FUA_is_accepted_on_every_command(NbdCommand command) =>
        Assert.Equal(NbdError.None, Judge(command, NbdCommandFlags.Fua, length: command == NbdCommand.Flush ? 0ul : 512));

    [Theory]
    [InlineData(NbdCommand.Read, NbdCommandFlags.NoHole)]
    [InlineData(NbdCommand.Read, NbdCommandFlags.DontFragment)]
    [InlineData(NbdCommand.Read, NbdCommandFlags.RequestOne)]
    [InlineData(NbdCommand.Write, NbdCommandFlags.NoHole)]
    [InlineData(NbdCommand.Write, NbdCommandFlags.FastZero)]
    [InlineData(NbdCommand.Write, NbdCommandFlags.PayloadLength)]
    [InlineData(NbdCommand.Trim, NbdCommandFlags.NoHole)]
    [InlineData(NbdCommand.Cache, NbdCommandFlags.FastZero)]
    [InlineData(NbdCommand.WriteZeroes, NbdCommandFlags.DontFragment)]
    [InlineData(NbdCommand.Read, (NbdCommandFlags)0x8000)]
    [InlineData(NbdCommand.Flush, (NbdCommandFlags)0x0040)]
    public void Q9_a_flag_that_is_unknown_or_not_the_commands_is_invalid(NbdCommand command, NbdCommandFlags flags) =>
        Assert.Equal(NbdError.InvalidArgument, Judge(command, flags, length: command == NbdCommand.Flush ? 0ul : 512));

    [Fact]
    public void Q8_WRITE_ZEROES_takes_NO_HOLE_and_FAST_ZERO() =>
        Assert.Equal(NbdError.None, Judge(NbdCommand.WriteZeroes, NbdCommandFlags.NoHole | NbdCommandFlags.FastZero | NbdCommandFlags.Fua));

    [Theory]
    [InlineData(NbdCommand.Flush, NbdTransmissionFlags.SendFlush, NbdCommandFlags.None)]
    [InlineData(NbdCommand.Trim, NbdTransmissionFlags.SendTrim, NbdCommandFlags.None)]
    [InlineData(NbdCommand.WriteZeroes, NbdTransmissionFlags.SendWriteZeroes, NbdCommandFlags.None)]
    [InlineData(NbdCommand.Cache, NbdTransmissionFlags.SendCache, NbdCommandFlags.None)]
    [InlineData(NbdCommand.WriteZeroes, NbdTransmissionFlags.SendFastZero, NbdCommandFlags.FastZero)]
    [InlineData(NbdCommand.Write, NbdTransmissionFlags.SendFua, NbdCommandFlags.Fua)]
    public void Q10_what_is_not_offered_is_invalid(NbdCommand command, NbdTransmissionFlags missing, NbdCommandFlags flags)
    {
        ulong length = command == NbdCommand.Flush ? 0ul : 512;
        Assert.Equal(NbdError.None, Judge(command, flags, length: length));
        Assert.Equal(NbdError.InvalidArgument, Judge(command, flags, length: length, export: Export with { Flags = AllFlags & ~missing }));
    }

    [Fact]
    public void Q8_Q10_DF_goes_with_READ_once_it_is_offered()
    {
        NbdExport export = Export with { Flags = AllFlags | NbdTransmissionFlags.SendDf };
        Assert.Equal(NbdError.None, Judge(NbdCommand.Read, NbdCommandFlags.DontFragment, export: export));
        Assert.Equal(NbdError.InvalidArgument, Judge(NbdCommand.Write, NbdCommandFlags.DontFragment, export: export));
        Assert.Equal(NbdError.InvalidArgument, Judge(NbdCommand.Read, NbdCommandFlags.DontFragment));
    }

    [Theory]
    [InlineData(0, 512, NbdCommandFlags.None, NbdError.None)]
    [InlineData(0, 512, NbdCommandFlags.RequestOne | NbdCommandFlags.Fua, NbdError.None)]
    [InlineData(0, Size, NbdCommandFlags.None, NbdError.None)]
    [InlineData(0, 0, NbdCommandFlags.None, NbdError.InvalidArgument)]
    [InlineData(Size, 0, NbdCommandFlags.None, NbdError.InvalidArgument)]
    [InlineData(512, Size, NbdCommandFlags.None, NbdError.InvalidArgument)]
    [InlineData(Huge, 512, NbdCommandFlags.None, NbdError.InvalidArgument)]
    [InlineData(0, 512, NbdCommandFlags.NoHole, NbdError.InvalidArgument)]
    [InlineData(0, 512, NbdCommandFlags.PayloadLength, NbdError.InvalidArgument)]
    public void Y11_P17_BLOCK_STATUS_needs_a_context_a_length_and_a_range_inside(
        ulong offset, ulong length, NbdCommandFlags flags, NbdError error)
    {
        var header = new NbdRequestHeader(flags, NbdCommand.BlockStatus, 1, offset, length);
        var terms = new NbdSessionTerms(Export) { Replies = NbdReplyStyle.Structured, Contexts = [new NbdMetaContext(1, "base:allocation")] };
        Assert.Equal(error, NbdRequestJudge.Judge(header, terms).Error);
        Assert.Equal(NbdError.InvalidArgument, NbdRequestJudge.Judge(header, terms with { Contexts = [] }).Error);
        Assert.Equal(NbdError.InvalidArgument, NbdRequestJudge.Judge(header, terms with { Replies = NbdReplyStyle.Simple }).Error);
    }

    [Theory]
    [InlineData(Size - 512, 1024, Size)]
    [InlineData(Size + 512, 1024, Size + 512)]
    [InlineData(0xFFFF_FFFF_FFFF_FE00, 1024, null)] // past 2^64: to a client that adds up no place is inside
    [InlineData(0xFFFF_FFFF_FFFF_FE00, 512, null)] // its end is 0 to such a client
    [InlineData(0, ulong.MaxValue, null)]
    [InlineData(0x7FFF_FFFF_FFFF_FE00, 1024, null)] // and past 2^63 for those that count with a sign
    [InlineData(0x7FFF_FFFF_FFFF_FA00, 1024, 0x7FFF_FFFF_FFFF_FA00UL)]
    [InlineData(Size + 512, 0, null)]
    public void Y6_a_READ_past_the_end_is_told_where_inside_its_request_as_far_as_offsets_go(ulong offset, ulong length, ulong? at)
    {
        var header = new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Read, 1, offset, length);
        NbdRefusal refusal = NbdRequestJudge.Judge(header, new NbdSessionTerms(Export)).Refusal;
        Assert.Equal((NbdError.InvalidArgument, at), (refusal.Error, refusal.AtBytes));
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(refusal.Why), 1, NbdRefusal.MaxWhyBytes);
    }

    [Theory]
    [InlineData(NbdCommand.BlockStatus)]
    [InlineData(NbdCommand.Resize)]
    [InlineData((NbdCommand)9)]
    [InlineData((NbdCommand)0xFFFF)]
    public void Q_unknown_commands_are_invalid(NbdCommand command) => Assert.Equal(NbdError.InvalidArgument, Judge(command));

    [Theory]
    [InlineData(0, 512)]
    [InlineData(512, 0)]
    public void Q_FLUSH_with_a_range_is_invalid(ulong offset, ulong length) =>
        Assert.Equal(NbdError.InvalidArgument, Judge(NbdCommand.Flush, offset: offset, length: length));

    [Theory]
    [InlineData(NbdCommand.Write, NbdError.NotPermitted)]
    [InlineData(NbdCommand.WriteZeroes, NbdError.NotPermitted)]
    [InlineData(NbdCommand.Trim, NbdError.NotPermitted)]
    [InlineData(NbdCommand.Read, NbdError.None)]
    [InlineData(NbdCommand.Cache, NbdError.None)]
    public void T1_a_read_only_export_refuses_writes(NbdCommand command, NbdError error) =>
        Assert.Equal(error, Judge(command, export: Export with { Flags = AllFlags | NbdTransmissionFlags.ReadOnly }));

    [Theory]
    [InlineData(0, 4096, NbdError.None)]
    [InlineData(4096, 8192, NbdError.None)]
    [InlineData(512, 4096, NbdError.InvalidArgument)]
    [InlineData(0, 512, NbdError.InvalidArgument)]
    [InlineData(1, 4096, NbdError.InvalidArgument)]
    public void S5_what_is_off_the_grid_is_invalid(ulong offset, ulong length, NbdError error)
    {
        NbdExport coarse = Export with { BlockSizes = new NbdBlockSizes(4096, 4096, 64 << 20) };
        foreach (NbdCommand command in new[] { NbdCommand.Read, NbdCommand.Write, NbdCommand.Trim, NbdCommand.WriteZeroes, NbdCommand.Cache })
        {
            Assert.Equal(error, Judge(command, offset: offset, length: length, export: coarse));
        }
    }

    [Fact]
    public void S6_a_payload_above_the_maximum_is_invalid_and_S7_only_payloads_count()
    {
        NbdExport big = Export with { SizeBytes = 1L << 40 };
        const ulong max = 64 << 20;
        Assert.Equal(NbdError.None, Judge(NbdCommand.Read, length: max, export: big));
        Assert.Equal(NbdError.InvalidArgument, Judge(NbdCommand.Read, length: max + 1, export: big));
        Assert.Equal(NbdError.InvalidArgument, Judge(NbdCommand.Write, length: max + 1, export: big));
        foreach (NbdCommand command in new[] { NbdCommand.Trim, NbdCommand.WriteZeroes, NbdCommand.Cache })
        {
            Assert.Equal(NbdError.None, Judge(command, length: uint.MaxValue, export: big));
        }
    }

    [Theory]
    [InlineData(512, 0, NbdPayloadRoom.Take)]
    [InlineData(64 << 20, 0, NbdPayloadRoom.Take)]
    [InlineData((64 << 20) + 1, 0, NbdPayloadRoom.Drain)]
    [InlineData(128 << 20, 0, NbdPayloadRoom.Drain)]
    [InlineData((128 << 20) + 1, 0, NbdPayloadRoom.Close)]
    [InlineData(uint.MaxValue, 0, NbdPayloadRoom.Close)]
    [InlineData(512, 0x8000, NbdPayloadRoom.Drain)]
    public void Q6_a_WRITE_payload_is_taken_drained_or_too_much(ulong length, ushort flags, NbdPayloadRoom room)
    {
        var header = new NbdRequestHeader((NbdCommandFlags)flags, NbdCommand.Write, 1, 0, length);
        Assert.Equal(room, NbdRequestJudge.Judge(header, new NbdSessionTerms(Export with { SizeBytes = 1L << 40 })).Payload);
    }

    [Fact]
    public void Q6_only_WRITE_has_a_payload()
    {
        var header = new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Read, 1, 0, uint.MaxValue);
        Assert.Equal(NbdPayloadRoom.None, NbdRequestJudge.Judge(header, new NbdSessionTerms(Export)).Payload);
    }
}

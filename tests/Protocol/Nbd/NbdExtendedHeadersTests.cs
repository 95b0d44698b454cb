using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Extended headers: negotiation, layouts, and the judgement of payloads, by row.</summary>
public sealed class NbdExtendedHeadersTests
{
    private const string Alloc = "base:allocation";
    private static readonly byte[] Extended = Option(NbdOption.ExtendedHeaders);
    private static readonly byte[] Structured = Option(NbdOption.StructuredReply);

    private static readonly NbdSessionTerms Terms = new(new NbdExport
    {
        Name = "x",
        SizeBytes = 1L << 42,
        Flags = NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFua | NbdTransmissionFlags.SendTrim
            | NbdTransmissionFlags.SendDf | NbdTransmissionFlags.BlockStatusPayload,
        BlockSizes = new NbdBlockSizes(1, 4096, 64 << 20),
    })
    {
        Replies = NbdReplyStyle.Extended,
        Contexts = [new NbdMetaContext(1, Alloc), new NbdMetaContext(2, "x-blockemu:durability")],
    };

    private static NegotiationBench After(params byte[][] parts) => new NegotiationBench().Say([Flags(BothFlags), .. parts]);

    private static NbdVerdict Judge(NbdCommand command, ulong length, NbdCommandFlags flags, NbdSessionTerms? terms = null) =>
        NbdRequestJudge.Judge(new NbdRequestHeader(flags, command, 1, 0, length), terms ?? Terms);

    [Fact]
    public void P18_EXTENDED_HEADERS_takes_no_data_and_is_accepted_once()
    {
        NegotiationBench bench = After(Option(NbdOption.ExtendedHeaders, [0]), Extended, Extended, Go("disk0"));
        Assert.Equal(["11:ErrorInvalid", "11:Ack", "11:ErrorInvalid"], bench.Replies().Take(3));
        Assert.Equal(NbdReplyStyle.Extended, bench.Terms!.Replies);
    }

    [Fact]
    public void P18_extended_headers_take_precedence_and_structured_replies_come_too_late()
    {
        Assert.Equal(NbdReplyStyle.Extended, After(Structured, Extended, Go("disk0")).Terms!.Replies);
        NegotiationBench bench = After(Extended, Structured, Go("disk0"));
        Assert.Equal("8:ErrorExtendedHeaderRequired", bench.Replies()[1]);
        Assert.Equal(NbdReplyStyle.Extended, bench.Terms!.Replies);
    }

    [Fact]
    public void P1_P18_EXPORT_NAME_is_forbidden_with_extended_headers()
    {
        NegotiationBench bench = After(Extended, Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal(NbdNegotiationOutcome.Dropped, bench.Outcome);
        Assert.Equal(NbdDropReason.ExportNameForbidden, bench.DropReason);
        Assert.Equal(["11:Ack"], bench.Replies());
    }

    [Fact]
    public void P15_contexts_are_selected_with_extended_headers_too() =>
        Assert.Single(After(Extended, SetContexts("disk0", Alloc), Go("disk0")).Terms!.Contexts);

    [Fact]
    public void T1_BLOCK_STATUS_PAYLOAD_is_told_with_extended_headers_and_contexts_of_this_export_and_only_then()
    {
        static bool IsTold(params byte[][] parts) =>
            After(parts).Terms!.Export.Flags.HasFlag(NbdTransmissionFlags.BlockStatusPayload);
        Assert.True(IsTold(Extended, SetContexts("disk0", Alloc), Go("disk0")));
        Assert.False(IsTold(Extended, Go("disk0")));
        Assert.False(IsTold(Extended, SetContexts("other", Alloc), Go("disk0")));
        Assert.False(IsTold(Structured, SetContexts("disk0", Alloc), Go("disk0")));
    }

    [Fact]
    public void Q2_an_extended_request_is_32_bytes()
    {
        byte[] bytes = new byte[32];
        var header = new NbdRequestHeader(NbdCommandFlags.PayloadLength, NbdCommand.BlockStatus, 0x0102_0304_0506_0708, 1UL << 40, 1UL << 41);
        var framing = new NbdRequestFraming(NbdReplyStyle.Extended);
        framing.Write(bytes, header);
        Assert.Equal(
            "21E41C71" + "0020" + "0007" + "0102030405060708" + "0000010000000000" + "0000020000000000", Convert.ToHexString(bytes));
        Assert.Equal(32, framing.SizeBytes);
        Assert.True(framing.TryRead(bytes, out NbdRequestHeader read));
        Assert.Equal(header, read);
        Assert.False(new NbdRequestFraming(NbdReplyStyle.Structured).TryRead(bytes, out _));
    }

    [Fact]
    public void Y3_an_extended_chunk_header_is_32_bytes()
    {
        byte[] bytes = new byte[NbdExtendedChunkHeader.SizeBytes];
        var header = new NbdExtendedChunkHeader(NbdChunkFlags.Done, NbdChunkType.BlockStatusExtended, 7, 1UL << 40, 24);
        header.Write(bytes);
        Assert.Equal(
            "6E8A278C" + "0001" + "0006" + "0000000000000007" + "0000010000000000" + "0000000000000018", Convert.ToHexString(bytes));
        Assert.True(NbdExtendedChunkHeader.TryRead(bytes, out NbdExtendedChunkHeader read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void Y6_an_extended_extent_is_16_bytes()
    {
        byte[] bytes = new byte[NbdStatusExtent.ExtendedSizeBytes];
        new NbdStatusExtent(1UL << 40, 3).WriteExtended(bytes);
        Assert.Equal("0000010000000000" + "0000000000000003", Convert.ToHexString(bytes));
        Assert.Equal(new NbdStatusExtent(1UL << 40, 3), NbdStatusExtent.ReadExtended(bytes));
    }

    [Theory]
    [InlineData(512, NbdCommandFlags.PayloadLength, NbdError.None, NbdPayloadRoom.Take)]
    [InlineData(512, NbdCommandFlags.PayloadLength | NbdCommandFlags.Fua, NbdError.None, NbdPayloadRoom.Take)]
    [InlineData(512, NbdCommandFlags.None, NbdError.None, NbdPayloadRoom.Take)]
    [InlineData(512, NbdCommandFlags.DontFragment, NbdError.InvalidArgument, NbdPayloadRoom.Drain)]
    [InlineData(ulong.MaxValue, NbdCommandFlags.None, NbdError.NoSpace, NbdPayloadRoom.Close)]
    [InlineData(512, NbdCommandFlags.PayloadLength | NbdCommandFlags.NoHole, NbdError.InvalidArgument, NbdPayloadRoom.Drain)]
    [InlineData((64 << 20) + 1, NbdCommandFlags.PayloadLength, NbdError.InvalidArgument, NbdPayloadRoom.Drain)]
    [InlineData((128 << 20) + 1, NbdCommandFlags.PayloadLength, NbdError.InvalidArgument, NbdPayloadRoom.Close)]
    [InlineData(ulong.MaxValue, NbdCommandFlags.PayloadLength, NbdError.NoSpace, NbdPayloadRoom.Close)]
    public void Q2_a_WRITE_has_its_payload_with_the_flag_and_without(
        ulong length, NbdCommandFlags flags, NbdError error, NbdPayloadRoom room)
    {
        NbdVerdict verdict = Judge(NbdCommand.Write, length, flags);
        Assert.Equal((error, room), (verdict.Error, verdict.Payload));
    }

    [Theory]
    [InlineData(NbdCommand.Read, 0, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.Trim, 512, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.Flush, 64 << 20, NbdPayloadRoom.Drain)]
    [InlineData((NbdCommand)99, 512, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.Read, (64 << 20) + 1, NbdPayloadRoom.Close)]
    [InlineData(NbdCommand.Trim, ulong.MaxValue, NbdPayloadRoom.Close)]
    [InlineData(NbdCommand.BlockStatus, ulong.MaxValue, NbdPayloadRoom.Close)]
    [InlineData(NbdCommand.BlockStatus, 8, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.BlockStatus, 0, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.BlockStatus, 13, NbdPayloadRoom.Drain)]
    [InlineData(NbdCommand.BlockStatus, 20, NbdPayloadRoom.Drain)]
    public void Y13_a_payload_that_has_no_meaning_is_read_over_or_too_much(NbdCommand command, ulong length, NbdPayloadRoom room)
    {
        NbdSessionTerms terms = Terms with { Contexts = [Terms.Contexts[0], Terms.Contexts[1]] };
        terms = length == 20 ? terms with { Contexts = [Terms.Contexts[0]] } : terms;
        NbdVerdict verdict = Judge(command, length, NbdCommandFlags.PayloadLength, terms);
        Assert.Equal((NbdError.InvalidArgument, room), (verdict.Error, verdict.Payload));
    }

    [Fact]
    public void Y13_a_BLOCK_STATUS_payload_is_taken_where_it_is_offered_and_read_over_where_not()
    {
        Assert.Equal(NbdPayloadRoom.Take, Judge(NbdCommand.BlockStatus, 12, NbdCommandFlags.PayloadLength).Payload);
        NbdSessionTerms bare = Terms with
        {
            Export = Terms.Export with { Flags = Terms.Export.Flags & ~NbdTransmissionFlags.BlockStatusPayload },
        };
        Assert.Equal(NbdPayloadRoom.Drain, Judge(NbdCommand.BlockStatus, 12, NbdCommandFlags.PayloadLength, bare).Payload);
    }

    [Theory]
    [InlineData(1UL << 41, NbdError.None, 2u)]
    [InlineData(512, NbdError.None, 2u, 1u)]
    [InlineData(512, NbdError.InvalidArgument, 1u, 1u)]
    [InlineData(512, NbdError.InvalidArgument, 3u)]
    [InlineData(512, NbdError.InvalidArgument, 0u)]
    [InlineData(0, NbdError.InvalidArgument, 1u)]
    [InlineData((1UL << 42) + 1, NbdError.InvalidArgument, 1u)]
    [InlineData(ulong.MaxValue, NbdError.InvalidArgument, 1u)]
    public void Y13_unknown_ids_twice_the_same_and_bad_ranges_are_invalid(ulong length, NbdError error, params uint[] ids)
    {
        byte[] payload = NbdStatusPayload.Format(length, ids);
        var header = new NbdRequestHeader(NbdCommandFlags.PayloadLength, NbdCommand.BlockStatus, 9, 0, (ulong)payload.Length);
        NbdRefusal refusal = NbdRequestJudge.JudgeStatusPayload(
            header, payload, Terms, out NbdRequestHeader effective, out IReadOnlyList<NbdMetaContext> contexts);
        Assert.Equal(error, refusal.Error);
        Assert.Equal(length, effective.LengthBytes);
        if (error == NbdError.None)
        {
            Assert.Equal(ids, contexts.Select(c => c.Id));
        }
    }

    [Fact]
    public void Q9_PAYLOAD_LEN_without_extended_headers_is_a_flag_nobody_knows()
    {
        NbdSessionTerms structured = Terms with { Replies = NbdReplyStyle.Structured };
        NbdVerdict read = Judge(NbdCommand.Read, 512, NbdCommandFlags.PayloadLength, structured);
        Assert.Equal((NbdError.InvalidArgument, NbdPayloadRoom.None), (read.Error, read.Payload));
        NbdVerdict write = Judge(NbdCommand.Write, 512, NbdCommandFlags.PayloadLength, structured);
        Assert.Equal((NbdError.InvalidArgument, NbdPayloadRoom.Drain), (write.Error, write.Payload));
    }
}

using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Rows about the conversation as a whole: phases, flags, and that every option has one end.</summary>
public sealed class NbdOptionRowTests
{
    private static readonly byte[] Both = Flags(BothFlags);

    /// <summary>Every option that can be answered: well formed, badly formed, unknown, forbidden.</summary>
    private static readonly byte[][] Answerable =
    [
        Option(NbdOption.List), Option(NbdOption.List, [1]), Option(NbdOption.PeekExport), Option(NbdOption.PeekExport, "disk0"u8),
        Option(NbdOption.StartTls), Option(NbdOption.StartTls, [1]),
        Info("disk0"), Info("disk0", NbdInfoType.Name, NbdInfoType.Description, NbdInfoType.BlockSize), Info("nope"), Info("off"),
        Option(NbdOption.Info), Option(NbdOption.Info, [1, 2, 3]),
        Go("nope"), Go("off"), Option(NbdOption.Go), Option(NbdOption.Go, new byte[NbdLimits.MaxOptionDataBytes + 1]),
        ListContexts("disk0"), ListContexts("disk0", "base:"), ListContexts("nope"), Option(NbdOption.ListMetaContext, [9]),
        SetContexts("disk0", "base:allocation"), SetContexts("disk0"), SetContexts("nope", "x"), Option(NbdOption.SetMetaContext),
        Option(NbdOption.StructuredReply), Option(NbdOption.StructuredReply, [1]), Option(NbdOption.StructuredReply),
        Option(NbdOption.ExtendedHeaders, [1]), Option(NbdOption.ExtendedHeaders), Option(NbdOption.ExtendedHeaders),
        Option(NbdOption.StructuredReply), Option(0u), Option(12), Option(0xFFFF_FFFF, new byte[1 << 20]),
        ListContexts("disk0"), SetContexts("disk0", "base:allocation"),
    ];

    private static NegotiationBench After(params byte[][] parts) => new NegotiationBench().Say([Both, .. parts]);

    [Fact]
    public void O3_every_option_has_exactly_one_final_reply_and_it_comes_last()
    {
        foreach (byte[] option in Answerable)
        {
            Assert.True(NbdOptionHeader.TryRead(option, out NbdOptionHeader header));
            IReadOnlyList<string> replies = After(Option(NbdOption.StructuredReply), option).Replies();
            string[] types = [.. replies.Skip(1).Select(r => r.Split(':')[1])];
            Assert.All(replies.Skip(1), r => Assert.StartsWith($"{(uint)header.Option}:", r, StringComparison.Ordinal));
            Assert.True(IsFinal(types[^1]), $"{header}: {types[^1]} ends nothing");
            Assert.DoesNotContain(types[..^1], IsFinal);
        }
    }

    [Fact]
    public void O3_EXPORT_NAME_has_no_option_reply_at_all() =>
        Assert.Equal(NbdExportInfo.WireSizeBytes, After(Option(NbdOption.ExportName, "disk0"u8)).Output.Length);

    [Fact]
    public void O8_whatever_can_be_answered_with_an_error_is_answered_and_the_connection_stays()
    {
        NegotiationBench bench = After([.. Answerable, .. Answerable, .. Answerable]);
        Assert.Equal(NbdNegotiationOutcome.NeedMore, bench.Outcome);
        Assert.Equal(3 * Answerable.Length, bench.Replies().Count(r => IsFinal(r.Split(':')[1])));
        Assert.Equal("disk0", bench.Feed(Go("disk0")).ChosenName);
    }

    [Fact]
    public void W5_only_EXPORT_NAME_and_a_GO_that_succeeds_begin_the_transmission()
    {
        foreach (byte[] option in Answerable)
        {
            Assert.Equal(NbdNegotiationOutcome.NeedMore, After(option).Outcome);
        }

        Assert.Equal(NbdNegotiationOutcome.Aborted, After(Option(NbdOption.Abort)).Outcome);
        Assert.Equal(NbdNegotiationOutcome.Chosen, After(Go("disk0")).Outcome);
        Assert.Equal(NbdNegotiationOutcome.Chosen, After(Option(NbdOption.ExportName, "disk0"u8)).Outcome);
    }

    [Fact]
    public void W5_a_request_among_the_options_is_no_option()
    {
        byte[] request = new byte[NbdRequestHeader.SizeBytes];
        new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Read, 1, 0, 512).Write(request);
        Assert.Equal(NbdDropReason.BadOptionMagic, After(Info("disk0"), request).DropReason);
    }

    [Fact]
    public void H4_the_flags_that_a_client_echoes_change_what_they_name_and_nothing_else()
    {
        byte[] with = After([.. Answerable, Go("disk0", NbdInfoType.BlockSize)]).Output;
        NegotiationBench without = new NegotiationBench().Say([Flags(1), .. Answerable, Go("disk0", NbdInfoType.BlockSize)]);
        Assert.Equal(with, without.Output);
        Assert.Equal(10, After(Option(NbdOption.ExportName)).Output.Length);
        Assert.Equal(134, new NegotiationBench().Say(Flags(1), Option(NbdOption.ExportName)).Output.Length);
        Assert.Equal(10, new NegotiationBench().Say(Flags(2), Option(NbdOption.ExportName)).Output.Length);
        Assert.Equal(134, new NegotiationBench().Say(Flags(0), Option(NbdOption.ExportName)).Output.Length);
    }

    [Fact]
    public void R1_each_kind_of_reply_has_its_number_and_its_layout()
    {
        Assert.Equal("0003E889045565A9" + "00000002" + "00000001" + "00000000", Convert.ToHexString(After(Option(NbdOption.Abort)).Output));
        string list = Convert.ToHexString(After(Option(NbdOption.List)).Output);
        Assert.StartsWith(
            "0003E889045565A9" + "00000003" + "00000002" + "00000012" + "00000005" + Convert.ToHexString("disk0the first"u8), list, StringComparison.Ordinal);
        string info = Convert.ToHexString(After(Info("disk0")).Output);
        Assert.StartsWith(
            "0003E889045565A9" + "00000006" + "00000003" + "0000000C" + "0000" + "0000000000100000" + "0005", info, StringComparison.Ordinal);
        string contexts = Convert.ToHexString(After(ListContexts("disk0", "base:allocation")).Output);
        Assert.StartsWith(
            "0003E889045565A9" + "00000009" + "00000004" + "00000013" + "00000000" + Convert.ToHexString("base:allocation"u8),
            contexts, StringComparison.Ordinal);
    }

    [Fact]
    public void R2_errors_have_their_numbers_and_there_are_no_others()
    {
        string[] names =
        [
            "Unsupported", "Policy", "Invalid", "Platform", "TlsRequired", "Unknown", "Shutdown", "BlockSizeRequired", "TooBig",
            "ExtendedHeaderRequired",
        ];
        Assert.Equal(
            names.Select((name, i) => ($"Error{name}", 0x8000_0001 + (uint)i)),
            Enum.GetValues<NbdOptionReplyType>().Where(t => (uint)t >> 31 == 1).Order().Select(t => ($"{t}", (uint)t)));
        byte[] header = new byte[NbdOptionReplyHeader.SizeBytes];
        new NbdOptionReplyHeader(NbdOption.Go, NbdOptionReplyType.ErrorExtendedHeaderRequired, 0).Write(header);
        Assert.Equal("8000000A", Convert.ToHexString(header, 12, 4));
        Assert.True(NbdOptionReplyHeader.TryRead(header, out NbdOptionReplyHeader read) && read.IsError);
    }

    [Fact]
    public void W1_every_integer_on_the_wire_is_big_endian()
    {
        byte[] bytes = new byte[NbdExtendedRequestHeader.SizeBytes];
        NbdExtendedRequestHeader.Write(
            bytes,
            new NbdRequestHeader((NbdCommandFlags)0x0102, (NbdCommand)0x0304, 0x05060708_090A0B0C, 0x0D0E0F10_11121314, 0x15161718_191A1B1C));
        Assert.Equal("21E41C71" + "0102" + "0304" + "05060708090A0B0C" + "0D0E0F1011121314" + "15161718191A1B1C", Convert.ToHexString(bytes));
        Assert.Equal("0102030405060708" + "090A", Hex(new NbdExportInfo(0x01020304_05060708, (NbdTransmissionFlags)0x090A).Write, NbdExportInfo.WireSizeBytes));
        Assert.Equal("01020304" + "05060708" + "090A0B0C", Hex(new NbdBlockSizes(0x01020304, 0x05060708, 0x090A0B0C).Write, NbdBlockSizes.WireSizeBytes));
        Assert.Equal("01020304" + "05060708", Hex(new NbdStatusExtent(0x01020304, 0x05060708).Write, NbdStatusExtent.SizeBytes));
        Assert.Equal("0102030405060708" + "090A0B0C", Hex(new NbdOffsetHole(0x01020304_05060708, 0x090A0B0C).Write, NbdOffsetHole.SizeBytes));
    }

    private delegate void WriteTo(Span<byte> destination);

    private static string Hex(WriteTo write, int sizeBytes)
    {
        byte[] bytes = new byte[sizeBytes];
        write(bytes);
        return Convert.ToHexString(bytes);
    }

    private static bool IsFinal(string type) => type == "Ack" || type.StartsWith("Error", StringComparison.Ordinal);
}

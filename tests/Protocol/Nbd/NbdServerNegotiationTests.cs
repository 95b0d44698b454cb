using System.Text;
using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Each row of the negotiation, by its id.</summary>
public sealed class NbdServerNegotiationTests
{
    private const string DiskInfo = "0000" + "0000000000100000" + "0005";

    private static readonly byte[] Both = Flags(BothFlags);

    private static NegotiationBench After(params byte[][] parts) => new NegotiationBench().Say([Both, .. parts]);

    [Theory]
    [InlineData(0x0000_0004)]
    [InlineData(0x8000_0000)]
    [InlineData(0x0001_0003)]
    public void H2_unknown_client_flags_drop_the_connection(uint flags)
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(flags));
        Assert.Equal(NbdNegotiationOutcome.Dropped, bench.Outcome);
        Assert.Equal(NbdDropReason.UnknownClientFlags, bench.DropReason);
        Assert.Empty(bench.Output);
    }

    [Theory]
    [InlineData(NbdOption.List)]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.Go)]
    [InlineData(NbdOption.StartTls)]
    [InlineData((NbdOption)99)]
    public void H3_without_fixed_newstyle_other_options_are_invalid(NbdOption option)
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(0), Option(option, NbdInfoRequest.Format("disk0", [])));
        Assert.Equal([$"{(uint)option}:ErrorInvalid"], bench.Replies());
        Assert.Equal(NbdNegotiationOutcome.NeedMore, bench.Outcome);
    }

    [Fact]
    public void H3_without_fixed_newstyle_EXPORT_NAME_serves_and_ABORT_ends()
    {
        Assert.Equal("disk0", new NegotiationBench().Say(Flags(0), Option(NbdOption.ExportName)).ChosenName);
        Assert.Equal(NbdNegotiationOutcome.Aborted, new NegotiationBench().Say(Flags(0), Option(NbdOption.Abort)).Outcome);
    }

    [Fact]
    public void O1_wrong_option_magic_drops_the_connection()
    {
        byte[] option = Option(NbdOption.List);
        option[7] ^= 1;
        NegotiationBench bench = After(option);
        Assert.Equal(NbdDropReason.BadOptionMagic, bench.DropReason);
        Assert.Empty(bench.Output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(135_173)]
    [InlineData(1 << 20)]
    public void O4_unknown_option_is_read_over_and_the_next_is_found(int dataBytes)
    {
        NegotiationBench bench = After(Option(0x1234_5678, new byte[dataBytes]), Option(NbdOption.Abort));
        Assert.Equal(["305419896:ErrorUnsupported", "2:Ack"], bench.Replies());
        Assert.Equal(0, bench.UnconsumedBytes);
    }

    [Theory]
    [InlineData(NbdOption.Go, 0xFFFF_FFFF)]
    [InlineData(NbdOption.List, (1u << 20) + 1)]
    [InlineData((NbdOption)77, 0x8000_0000)]
    [InlineData(NbdOption.Abort, 0xFFFF_FFFF)]
    public void O5_an_insane_length_drops_the_connection_at_once(NbdOption option, uint lengthBytes)
    {
        NegotiationBench bench = After(HeaderOnly(option, lengthBytes));
        Assert.Equal(NbdNegotiationOutcome.Dropped, bench.Outcome);
        Assert.Equal(NbdDropReason.OptionTooLong, bench.DropReason);
    }

    [Theory]
    [InlineData(NbdOption.Go)]
    [InlineData(NbdOption.Info)]
    public void O6_a_GO_longer_than_its_parts_can_be_is_invalid_and_read_over(NbdOption option)
    {
        NegotiationBench bench = After(Option(option, new byte[NbdLimits.MaxOptionDataBytes + 1]), Option(NbdOption.Abort));
        Assert.Equal([$"{(uint)option}:ErrorInvalid", "2:Ack"], bench.Replies());
    }

    [Fact]
    public void O5_the_largest_legitimate_GO_is_taken()
    {
        byte[] data = NbdInfoRequest.Format(new string('x', 4096), new NbdInfoType[65_535]);
        Assert.Equal(NbdLimits.MaxOptionDataBytes, data.Length);
        Assert.Equal(["7:ErrorUnknown"], After(Option(NbdOption.Go, data)).Replies());
    }

    [Fact]
    public void P1_EXPORT_NAME_answers_10_bytes_with_NO_ZEROES()
    {
        NegotiationBench bench = After(Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal("0000000000100000" + "0005", Convert.ToHexString(bench.Output));
        Assert.Equal(NbdNegotiationOutcome.Chosen, bench.Outcome);
    }

    [Fact]
    public void P1_EXPORT_NAME_answers_134_bytes_without_NO_ZEROES()
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(1), Option(NbdOption.ExportName, "other"u8));
        Assert.Equal("0000000000000200" + "0005" + new string('0', 248), Convert.ToHexString(bench.Output));
        Assert.Equal("other", bench.ChosenName);
    }

    [Fact]
    public void P1_EXPORT_NAME_without_a_name_is_the_default_export() =>
        Assert.Equal("disk0", After(Option(NbdOption.ExportName)).ChosenName);

    [Fact]
    public void P1_EXPORT_NAME_of_an_unknown_export_drops()
    {
        NegotiationBench bench = After(Option(NbdOption.ExportName, "nope"u8));
        Assert.Equal(NbdDropReason.UnknownExport, bench.DropReason);
        Assert.Empty(bench.Output);
    }

    [Theory]
    [InlineData(4097, 'x')]
    [InlineData(1 << 20, 'x')]
    [InlineData(5, '\0')]
    [InlineData(5, '\xFF')]
    public void P1_EXPORT_NAME_with_a_bad_name_drops(int lengthBytes, char filling)
    {
        byte[] name = new byte[lengthBytes];
        name.AsSpan().Fill((byte)filling);
        Assert.Equal(NbdDropReason.BadExportName, After(Option(NbdOption.ExportName, name)).DropReason);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void P2_ABORT_is_acknowledged_whatever_it_carries(int dataBytes)
    {
        NegotiationBench bench = After(Option(NbdOption.Abort, new byte[dataBytes]));
        Assert.Equal(["2:Ack"], bench.Replies());
        Assert.Equal(NbdNegotiationOutcome.Aborted, bench.Outcome);
    }

    [Fact]
    public void P3_LIST_names_every_export_then_acknowledges() =>
        Assert.Equal(
            [
                "3:Server:" + "00000005" + Convert.ToHexString("disk0the first"u8),
                "3:Server:" + "00000005" + Convert.ToHexString("other"u8),
                "3:Ack",
            ],
            After(Option(NbdOption.List)).Replies());

    [Fact]
    public void P3_LIST_with_data_is_invalid() =>
        Assert.Equal(["3:ErrorInvalid", "3:Server", "3:Server", "3:Ack"],
            After(Option(NbdOption.List, [1]), Option(NbdOption.List)).Replies().Select(r => string.Join(':', r.Split(':')[..2])));

    [Fact]
    public void P4_PEEK_EXPORT_is_unsupported() =>
        Assert.Equal(["4:ErrorUnsupported"], After(Option(NbdOption.PeekExport)).Replies());

    [Fact]
    public void P5_L2_STARTTLS_is_against_policy_and_invalid_with_data() =>
        Assert.Equal(["5:ErrorPolicy", "5:ErrorInvalid"],
            After(Option(NbdOption.StartTls), Option(NbdOption.StartTls, [0])).Replies());

    [Theory]
    [InlineData("00000006" + "6469736B30" + "0000")]
    [InlineData("00000005" + "6469736B30" + "0001")]
    [InlineData("00000005" + "6469736B30" + "0000" + "FF")]
    [InlineData("")]
    public void P6_INFO_and_GO_that_do_not_add_up_are_invalid_and_stay_in_sync(string hex)
    {
        byte[] data = Convert.FromHexString(hex);
        NegotiationBench bench = After(Option(NbdOption.Info, data), Option(NbdOption.Go, data), Go("disk0"));
        Assert.Equal(["6:ErrorInvalid", "7:ErrorInvalid", "7:Info:" + DiskInfo, "7:Ack"], bench.Replies());
    }

    [Fact]
    public void P7_unknown_information_types_are_ignored_and_duplicates_answered_once() =>
        Assert.Equal(
            ["6:Info:" + DiskInfo, "6:Info:0001" + Convert.ToHexString("disk0"u8), "6:Ack"],
            After(Info("disk0", NbdInfoType.Name, (NbdInfoType)777, NbdInfoType.Name, NbdInfoType.Export, NbdInfoType.Export)).Replies());

    [Fact]
    public void P8_R3_GO_sends_every_fact_that_was_asked_for_before_the_ACK() =>
        Assert.Equal(
            [
                "7:Info:" + DiskInfo,
                "7:Info:0001" + Convert.ToHexString("disk0"u8),
                "7:Info:0002" + Convert.ToHexString("the first"u8),
                "7:Info:0003" + "00000001" + "00001000" + "04000000",
                "7:Ack",
            ],
            After(Go("", NbdInfoType.BlockSize, NbdInfoType.Description, NbdInfoType.Name)).Replies());

    [Theory]
    [InlineData("nope", "ErrorUnknown")]
    [InlineData("off", "ErrorShutdown")]
    public void P9_an_export_that_cannot_be_had_is_refused_without_facts(string name, string error)
    {
        NegotiationBench bench = After(Info(name, NbdInfoType.Name), Go(name, NbdInfoType.BlockSize));
        Assert.Equal([$"6:{error}", $"7:{error}"], bench.Replies());
        Assert.Equal(NbdNegotiationOutcome.NeedMore, bench.Outcome);
    }

    [Theory]
    [InlineData(4096, "ErrorUnknown")]
    [InlineData(4097, "ErrorInvalid")]
    public void P9_names_end_at_4096_bytes(int lengthBytes, string error)
    {
        byte[] data = new byte[6 + lengthBytes];
        NbdInfoRequest.Format("", []).CopyTo(data, 0);
        data[2] = (byte)(lengthBytes >> 8);
        data[3] = (byte)lengthBytes;
        data.AsSpan(4, lengthBytes).Fill((byte)'x');
        Assert.Equal([$"7:{error}"], After(Option(NbdOption.Go, data)).Replies());
    }

    [Fact]
    public void P10_GO_after_INFO_says_the_same()
    {
        string[] facts = [.. After(Info("other", NbdInfoType.BlockSize)).Replies().Select(r => r[2..])];
        NegotiationBench both = After(Info("other", NbdInfoType.BlockSize), Go("other", NbdInfoType.BlockSize));
        Assert.Equal([.. facts, .. facts], both.Replies().Select(r => r[2..]));
    }

    [Fact]
    public void P11_what_follows_GO_is_left_for_the_transmission_phase()
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(1), Go("disk0"), new byte[28]);
        Assert.Equal(["7:Info:" + DiskInfo, "7:Ack"], bench.Replies());
        Assert.Equal(28, bench.UnconsumedBytes);
    }

    [Fact]
    public void P11_haggling_goes_on_after_a_failed_GO() =>
        Assert.Equal("other", After(Go("nope"), Go("other")).ChosenName);

    [Theory]
    [InlineData(NbdExportState.Silent, NbdNegotiationOutcome.Silent)]
    [InlineData(NbdExportState.Resetting, NbdNegotiationOutcome.Dropped)]
    public void SEMANTICS_5_a_disk_that_is_off_hangs_or_drops_whoever_names_it(NbdExportState state, NbdNegotiationOutcome outcome)
    {
        foreach (byte[] option in new[] { Go("off"), Info("off"), Option(NbdOption.ExportName, "off"u8) })
        {
            NegotiationBench bench = new NegotiationBench { OffState = state }.Say(Both, option);
            Assert.Equal(outcome, bench.Outcome);
            Assert.Empty(bench.Output);
        }
    }

    [Fact]
    public void SEMANTICS_5_EXPORT_NAME_of_a_disk_that_answers_errors_while_off_is_dropped() =>
        Assert.Equal(NbdDropReason.ExportOff, After(Option(NbdOption.ExportName, "off"u8)).DropReason);

    [Fact]
    public void O10_errors_carry_a_sentence()
    {
        NegotiationBench bench = After(Option(NbdOption.StartTls));
        Assert.Contains("TLS is off here", Encoding.UTF8.GetString(bench.Output), StringComparison.Ordinal);
    }

    [Fact]
    public void One_call_answers_at_most_one_option()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var negotiation = new NbdServerNegotiation(new NegotiationBench(), output);
        byte[] input = [.. Both, .. Option(0u, []), .. Option(NbdOption.PeekExport), .. Option(NbdOption.Abort)];
        negotiation.Feed(input, out int consumedBytes);
        Assert.Equal(4 + 16, consumedBytes);
    }
}

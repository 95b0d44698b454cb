using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>STARTTLS and the three modes, by the rows' ids.</summary>
public sealed class NbdTlsNegotiationTests
{
    private static readonly byte[] Both = Flags(BothFlags);

    /// <summary>Every option there is, and one that there is not, with data that is none of theirs.</summary>
    public static TheoryData<NbdOption> EveryOtherOption =>
    [
        NbdOption.List, NbdOption.PeekExport, NbdOption.Info, NbdOption.Go, NbdOption.StructuredReply, NbdOption.ListMetaContext,
        NbdOption.SetMetaContext, NbdOption.ExtendedHeaders, (NbdOption)0, (NbdOption)12, (NbdOption)0xFFFF_FFFF,
    ];

    private static NegotiationBench In(NbdTlsMode mode, params byte[][] parts) => new NegotiationBench(mode).Say([Both, .. parts]);

    private static NegotiationBench Secured(NbdTlsMode mode, params byte[][] parts)
    {
        NegotiationBench bench = In(mode, Option(NbdOption.StartTls));
        Assert.Equal(NbdNegotiationOutcome.StartTls, bench.Outcome);
        bench.EnterTls();
        return parts.Length == 0 ? bench : bench.Say(parts);
    }

    [Fact]
    public void L2_without_TLS_STARTTLS_is_against_policy_and_nothing_is_ever_TLS_REQD()
    {
        NegotiationBench bench = In(
            NbdTlsMode.Off, Option(NbdOption.StartTls), Go("secret"), Info("nope"), ListContexts("secret"), Option(NbdOption.List, [1]), Option(99));
        Assert.Equal(
            ["5:ErrorPolicy", "7:ErrorUnknown", "6:ErrorUnknown", "9:ErrorUnknown", "3:ErrorInvalid", "99:ErrorUnsupported"], bench.Replies());
    }

    [Theory]
    [InlineData(NbdTlsMode.Off)]
    [InlineData(NbdTlsMode.Selective)]
    [InlineData(NbdTlsMode.Required)]
    public void P5_STARTTLS_with_data_is_invalid_in_every_mode_and_stays_in_sync(NbdTlsMode mode)
    {
        NegotiationBench bench = In(mode, Option(NbdOption.StartTls, new byte[300]), Option(NbdOption.Abort));
        Assert.Equal(["5:ErrorInvalid", "2:Ack"], bench.Replies());
    }

    [Theory]
    [MemberData(nameof(EveryOtherOption))]
    public void L3_where_TLS_is_required_every_option_but_STARTTLS_and_ABORT_is_TLS_REQD(NbdOption option)
    {
        NegotiationBench bench = In(
            NbdTlsMode.Required, Option(option), Option(option, new byte[3]), Option(option, NbdInfoRequest.Format("disk0", [])),
            Option(option, new byte[NbdLimits.MaxDrainedOptionBytes]), Option(NbdOption.Abort));
        Assert.Equal([.. Enumerable.Repeat($"{(uint)option}:ErrorTlsRequired", 4), "2:Ack"], bench.Replies());
        Assert.Equal(0, bench.UnconsumedBytes);
    }

    [Fact]
    public void L3_where_TLS_is_required_EXPORT_NAME_ends_the_session_without_a_byte()
    {
        NegotiationBench bench = In(NbdTlsMode.Required, Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal((NbdNegotiationOutcome.Dropped, NbdDropReason.TlsRequired), (bench.Outcome, bench.DropReason));
        Assert.Empty(bench.Output);
    }

    [Fact]
    public void L3_where_TLS_is_required_a_broken_magic_and_an_insane_length_still_drop()
    {
        byte[] broken = Option(NbdOption.List);
        broken[0] ^= 1;
        Assert.Equal(NbdDropReason.BadOptionMagic, In(NbdTlsMode.Required, broken).DropReason);
        Assert.Equal(NbdDropReason.OptionTooLong, In(NbdTlsMode.Required, HeaderOnly(NbdOption.Go, uint.MaxValue)).DropReason);
    }

    [Fact]
    public void L3_with_TLS_all_options_are_answered_as_ever() => Assert.Equal(
        ["5:Ack", "99:ErrorUnsupported", "7:ErrorInvalid", "7:ErrorUnknown", "8:Ack"],
        Secured(NbdTlsMode.Required, Option(99), Option(NbdOption.Go, [1]), Go("nope"), Option(NbdOption.StructuredReply)).Replies());

    [Theory]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.Go)]
    public void L4_a_TLS_only_export_an_unknown_one_and_one_that_is_off_are_all_TLS_REQD_alike(NbdOption option)
    {
        byte[] Ask(string name) => In(NbdTlsMode.Selective, Option(option, NbdInfoRequest.Format(name, []))).Output;
        Assert.Equal([$"{(uint)option}:ErrorTlsRequired"], In(NbdTlsMode.Selective, Option(option, NbdInfoRequest.Format("secret", []))).Replies());
        Assert.Equal(Ask("secret"), Ask("nope"));
        Assert.Equal(Ask("secret"), Ask("secret-off"));
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("secret-off")]
    [InlineData("nope")]
    public void L4_EXPORT_NAME_of_a_TLS_only_export_ends_the_session_as_for_an_unknown_one(string name)
    {
        NegotiationBench bench = In(NbdTlsMode.Selective, Option(NbdOption.ExportName, System.Text.Encoding.ASCII.GetBytes(name)));
        Assert.Equal((NbdNegotiationOutcome.Dropped, NbdDropReason.UnknownExport), (bench.Outcome, bench.DropReason));
        Assert.Empty(bench.Output);
    }

    [Fact]
    public void L4_TLS_REQD_is_for_INFO_and_GO_only_and_contexts_do_not_tell_of_the_export_either() => Assert.Equal(
        ["9:ErrorUnknown", "9:ErrorUnknown", "8:Ack", "10:ErrorUnknown", "10:ErrorUnknown"],
        In(
            NbdTlsMode.Selective, ListContexts("secret"), ListContexts("nope"), Option(NbdOption.StructuredReply),
            SetContexts("secret", "base:allocation"), SetContexts("nope", "base:allocation")).Replies());

    [Fact]
    public void L4_P3_LIST_leaves_a_TLS_only_export_out_before_TLS_and_has_it_afterwards()
    {
        Assert.Equal(
            ["3:Server:" + "00000005" + "6469736B30" + "746865206669727374", "3:Server:" + "00000005" + "6F74686572", "3:Ack"],
            In(NbdTlsMode.Selective, Option(NbdOption.List)).Replies());
        Assert.Equal(
            "3:Server:" + "00000006" + "736563726574" + "746865206669727374",
            Secured(NbdTlsMode.Selective, Option(NbdOption.List)).Replies()[^2]);
    }

    [Fact]
    public void L4_open_exports_are_served_without_TLS_and_TLS_only_ones_with_it()
    {
        Assert.Equal("disk0", In(NbdTlsMode.Selective, Go("disk0")).ChosenName);
        Assert.Equal("disk0", Secured(NbdTlsMode.Selective, Go("disk0")).ChosenName);
        Assert.Equal("secret", Secured(NbdTlsMode.Selective, Go("secret")).ChosenName);
        Assert.Equal("secret", Secured(NbdTlsMode.Selective, Option(NbdOption.ExportName, "secret"u8)).ChosenName);
    }

    [Theory]
    [InlineData(NbdTlsMode.Selective)]
    [InlineData(NbdTlsMode.Required)]
    public void L5_a_second_STARTTLS_is_invalid_and_nothing_is_TLS_REQD_any_more(NbdTlsMode mode) => Assert.Equal(
        ["5:Ack", "5:ErrorInvalid", "7:ErrorUnknown", "6:ErrorUnknown"],
        Secured(mode, Option(NbdOption.StartTls), Go("nope"), Info("nope")).Replies());

    [Fact]
    public void L6_what_comes_behind_STARTTLS_is_not_consumed_and_the_machine_takes_nothing_before_the_handshake()
    {
        NegotiationBench bench = In(NbdTlsMode.Selective, Option(NbdOption.StartTls), Option(NbdOption.StructuredReply), Go("disk0"));
        Assert.Equal(["5:Ack"], bench.Replies());
        Assert.Equal(Option(NbdOption.StructuredReply).Length + Go("disk0").Length, bench.UnconsumedBytes);
        Assert.Throws<ObjectDisposedException>(() => bench.Feed(Option(NbdOption.List)));
        bench.EnterTls();
        Assert.Throws<InvalidOperationException>(bench.EnterTls);
    }

    [Fact]
    public void P19_STARTTLS_forgets_structured_replies_and_contexts()
    {
        NegotiationBench bench = In(
            NbdTlsMode.Selective, Option(NbdOption.StructuredReply), SetContexts("disk0", "base:allocation"), Option(NbdOption.StartTls));
        bench.EnterTls();
        bench.Say(SetContexts("disk0", "base:allocation"), Option(NbdOption.StructuredReply), Go("disk0"));
        Assert.Equal(["10:ErrorInvalid", "8:Ack"], bench.Replies().Skip(4).Take(2));
        Assert.Equal(NbdReplyStyle.Structured, bench.Terms!.Replies);
        Assert.Empty(bench.Terms.Contexts);
    }

    [Fact]
    public void P19_STARTTLS_forgets_extended_headers()
    {
        NegotiationBench bench = In(NbdTlsMode.Selective, Option(NbdOption.ExtendedHeaders), Option(NbdOption.StartTls));
        bench.EnterTls();
        bench.Say(Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal(NbdReplyStyle.Simple, bench.Terms!.Replies);
    }

    [Fact]
    public void P19_the_client_flags_stay_since_they_are_not_sent_again()
    {
        NegotiationBench bench = Secured(NbdTlsMode.Required, Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal(NbdOptionReplyHeader.SizeBytes + NbdExportInfo.WireSizeBytes, bench.Output.Length);
    }

    [Theory]
    [InlineData(NbdTlsMode.Selective)]
    [InlineData(NbdTlsMode.Required)]
    public void H3_without_fixed_newstyle_there_is_no_TLS(NbdTlsMode mode)
    {
        NegotiationBench bench = new NegotiationBench(mode).Say(Flags(0), Option(NbdOption.StartTls), Go("disk0"));
        Assert.Equal(["5:ErrorInvalid", "7:ErrorInvalid"], bench.Replies());
    }

    [Fact]
    public void H3_without_fixed_newstyle_only_an_open_export_is_served()
    {
        Assert.Equal("disk0", new NegotiationBench(NbdTlsMode.Selective).Say(Flags(0), Option(NbdOption.ExportName, "disk0"u8)).ChosenName);
        Assert.Equal(
            NbdDropReason.UnknownExport,
            new NegotiationBench(NbdTlsMode.Selective).Say(Flags(0), Option(NbdOption.ExportName, "secret"u8)).DropReason);
        Assert.Equal(
            NbdDropReason.TlsRequired,
            new NegotiationBench(NbdTlsMode.Required).Say(Flags(0), Option(NbdOption.ExportName, "disk0"u8)).DropReason);
    }

    [Fact]
    public void O9_L3_while_the_server_stops_TLS_comes_first_and_STARTTLS_is_refused()
    {
        NegotiationBench bench = new NegotiationBench(NbdTlsMode.Required) { IsShuttingDown = true }
            .Say(Both, Go("disk0"), Option(NbdOption.StartTls), Option(NbdOption.Abort));
        Assert.Equal(["7:ErrorTlsRequired", "5:ErrorShutdown", "2:Ack"], bench.Replies());
    }
}

using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Structured replies and metadata contexts in the negotiation, by row.</summary>
public sealed class NbdMetaContextTests
{
    private const string Alloc = "base:allocation";
    private const string Durability = "x-blockemu:durability";
    private static readonly byte[] Structured = Option(NbdOption.StructuredReply);

    private static NegotiationBench After(params byte[][] parts) => new NegotiationBench().Say([Flags(BothFlags), .. parts]);

    private static string[] Contexts(NegotiationBench bench) => [.. bench.Terms!.Contexts.Select(c => $"{c.Id} {c.Name}")];

    private static string Listed(NbdOption option, uint id, string name) =>
        $"{(uint)option}:MetaContext:{id:X8}{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(name))}";

    [Fact]
    public void P13_O7_STRUCTURED_REPLY_takes_no_data_and_is_accepted_once()
    {
        NegotiationBench bench = After(Option(NbdOption.StructuredReply, [0]), Structured, Structured, Go("disk0"));
        Assert.Equal(["8:ErrorInvalid", "8:Ack", "8:ErrorInvalid"], bench.Replies().Take(3));
        Assert.Equal(NbdReplyStyle.Structured, bench.Terms!.Replies);
    }

    [Fact]
    public void T1_SEND_DF_is_told_with_structured_replies_and_only_then()
    {
        Assert.Equal(["6:Info:0000" + "0000000000100000" + "0005"], After(Info("disk0")).Replies().Take(1));
        Assert.Equal(["6:Info:0000" + "0000000000100000" + "0085"], After(Structured, Info("disk0")).Replies().Skip(1).Take(1));
        NegotiationBench named = After(Structured, Option(NbdOption.ExportName));
        Assert.EndsWith("0000000000100000" + "0085", Convert.ToHexString(named.Output), StringComparison.Ordinal);
        Assert.True(named.Terms!.Export.Flags.HasFlag(NbdTransmissionFlags.SendDf));
        Assert.Equal(NbdReplyStyle.Simple, After(Go("disk0")).Terms!.Replies);
    }

    [Fact]
    public void P14_LIST_names_all_contexts_without_a_query_even_before_structured_replies() =>
        Assert.Equal(
            [Listed(NbdOption.ListMetaContext, 0, Alloc), Listed(NbdOption.ListMetaContext, 0, Durability), "9:Ack"],
            After(ListContexts("disk0")).Replies());

    [Theory]
    [InlineData("base:", Alloc)]
    [InlineData("x-blockemu:", Durability)]
    [InlineData(Alloc, Alloc)]
    [InlineData("x-blockemu:nothing", null)]
    [InlineData("base:alloc", null)]
    [InlineData("qemu:dirty-bitmap:x", null)]
    [InlineData("nonsense", null)]
    [InlineData("", null)]
    [InlineData(":", null)]
    public void P14_LIST_names_what_matches_a_query(string query, string? name) =>
        Assert.Equal(
            name is null ? ["9:Ack"] : [Listed(NbdOption.ListMetaContext, 0, name), "9:Ack"],
            After(ListContexts("disk0", query, query)).Replies());

    [Fact]
    public void P15_SET_without_structured_replies_is_invalid() =>
        Assert.Equal(["10:ErrorInvalid"], After(SetContexts("disk0", Alloc)).Replies());

    [Fact]
    public void P15_SET_selects_what_is_named_whole_each_once_with_ids_of_its_own()
    {
        NegotiationBench bench = After(
            Structured, SetContexts("disk0", Durability, "base:none", "other:x", Alloc, Durability, "base:"), Go("disk0"));
        Assert.Equal(
            [Listed(NbdOption.SetMetaContext, 1, Alloc), Listed(NbdOption.SetMetaContext, 2, Durability), "10:Ack"],
            bench.Replies().Skip(1).Take(3));
        Assert.Equal(["1 " + Alloc, "2 " + Durability], Contexts(bench));
    }

    [Theory]
    [InlineData("base:")]
    [InlineData("x-blockemu:")]
    [InlineData(null)]
    public void P15_SET_with_a_namespace_alone_or_no_query_selects_nothing(string? query)
    {
        NegotiationBench bench = After(
            Structured, SetContexts("disk0", Alloc), query is null ? SetContexts("disk0") : SetContexts("disk0", query), Go("disk0"));
        Assert.Equal("10:Ack", bench.Replies()[3]);
        Assert.Empty(Contexts(bench));
    }

    public static TheoryData<byte[], string> FailingSets => new()
    {
        { SetContexts("nope", Alloc), "10:ErrorUnknown" },
        { SetContexts("off", Alloc), "10:ErrorShutdown" },
        { Option(NbdOption.SetMetaContext, [1]), "10:ErrorInvalid" },
        { SetContexts("disk0", [.. Enumerable.Repeat(Alloc, NbdLimits.MaxMetaContextQueries + 1)]), "10:ErrorTooBig" },
        { Option(NbdOption.SetMetaContext, new byte[NbdLimits.MaxOptionDataBytes + 1]), "10:ErrorTooBig" },
    };

    [Theory]
    [MemberData(nameof(FailingSets))]
    public void P15_a_SET_that_fails_still_forgets_the_selection_before_it(byte[] failing, string answer)
    {
        NegotiationBench bench = After(Structured, SetContexts("disk0", Alloc), failing, Go("disk0"));
        Assert.Equal(answer, bench.Replies()[3]);
        Assert.Empty(Contexts(bench));
    }

    [Fact]
    public void P14_P16_contexts_of_an_unknown_export_and_too_many_queries_have_their_errors() =>
        Assert.Equal(
            ["9:ErrorUnknown", "9:ErrorTooBig", "9:ErrorTooBig"],
            After(
                ListContexts("nope"),
                ListContexts("disk0", [.. Enumerable.Repeat("x", NbdLimits.MaxMetaContextQueries + 1)]),
                Option(NbdOption.ListMetaContext, new byte[NbdLimits.MaxDrainedOptionBytes])).Replies());

    [Theory]
    [InlineData("")]
    [InlineData("00000005" + "6469736B30")]
    [InlineData("00000006" + "6469736B30" + "00000000")]
    [InlineData("00000005" + "6469736B30" + "00000001")]
    [InlineData("00000005" + "6469736B30" + "FFFFFFFF")]
    [InlineData("00000005" + "6469736B30" + "FFFFFFFF" + "00000000")]
    [InlineData("00000005" + "6469736B30" + "00000001" + "00000003" + "6161")]
    [InlineData("00000005" + "6469736B30" + "00000001" + "FFFFFFFF" + "6161")]
    [InlineData("00000005" + "6469736B30" + "00000000" + "00")]
    [InlineData("00000005" + "6469736B30" + "00000001" + "00000001" + "00")]
    [InlineData("00000005" + "6469736B30" + "00000001" + "00000001" + "FF")]
    [InlineData("FFFFFFFF" + "6469736B30" + "00000000")]
    public void P16_data_that_does_not_add_up_is_invalid_and_stays_in_sync(string hex)
    {
        byte[] data = Convert.FromHexString(hex);
        NegotiationBench bench = After(
            Structured, Option(NbdOption.ListMetaContext, data), Option(NbdOption.SetMetaContext, data), Go("disk0"));
        Assert.Equal(["9:ErrorInvalid", "10:ErrorInvalid"], bench.Replies().Skip(1).Take(2));
        Assert.Equal("disk0", bench.ChosenName);
    }

    [Fact]
    public void P17_a_selection_holds_for_the_export_it_named_and_no_other()
    {
        Assert.Empty(Contexts(After(Structured, SetContexts("disk0", Alloc), Go("other"))));
        Assert.Empty(Contexts(After(Structured, SetContexts("disk0", Alloc), SetContexts("other", Alloc), Go("disk0"))));
        Assert.Single(Contexts(After(Structured, SetContexts("disk0", Alloc), Info("other"), Go("disk0"))));
        Assert.Single(Contexts(After(Structured, SetContexts("", Alloc), Go("disk0"))));
        Assert.Single(Contexts(After(Structured, SetContexts("disk0", Alloc), Option(NbdOption.ExportName))));
    }

    [Theory]
    [InlineData(NbdExportState.Silent, NbdNegotiationOutcome.Silent)]
    [InlineData(NbdExportState.Resetting, NbdNegotiationOutcome.Dropped)]
    public void SEMANTICS_5_asking_for_contexts_of_a_disk_that_is_off_hangs_or_drops(
        NbdExportState state, NbdNegotiationOutcome outcome) =>
        Assert.Equal(outcome, new NegotiationBench { OffState = state }.Say(Flags(BothFlags), ListContexts("off")).Outcome);
}

using System.Buffers;
using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Hostile options, each as it was or would be sent: none is believed, none holds memory that it did not pay for, and
/// whoever can go on goes on.</summary>
public sealed class NbdHostileNegotiationTests
{
    private static readonly byte[] Both = Flags(BothFlags);

    public static TheoryData<NbdOption> Named =>
        [NbdOption.Info, NbdOption.Go, NbdOption.ListMetaContext, NbdOption.SetMetaContext];

    private static NegotiationBench After(params byte[][] parts) => new NegotiationBench().Say([Both, .. parts]);

    private static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>A GO, INFO or context option with a name of any bytes and whatever length is claimed for it.</summary>
    private static byte[] WithName(NbdOption option, uint claimedBytes, ReadOnlySpan<byte> name)
    {
        bool isInfo = option is NbdOption.Info or NbdOption.Go;
        return Option(option, [.. Number(claimedBytes), .. name, .. isInfo ? new byte[2] : new byte[4]]);
    }

    /// <summary>The last option was answered with this error, and a GO behind it is served.</summary>
    private static void IsRefused(byte[] option, string error)
    {
        NegotiationBench bench = After(Option(NbdOption.StructuredReply), option);
        Assert.Equal(NbdNegotiationOutcome.NeedMore, bench.Outcome);
        Assert.EndsWith($":{error}", bench.Replies()[^1], StringComparison.Ordinal);
        Assert.Equal("disk0", bench.Feed(Go("disk0")).ChosenName);
    }

    [Fact]
    public void N1_each_client_flag_that_is_not_known_drops()
    {
        for (int bit = 2; bit < 32; bit++)
        {
            Assert.Equal(NbdDropReason.UnknownClientFlags, new NegotiationBench().Say(Flags(3u | (1u << bit))).DropReason);
        }
    }

    [Fact]
    public void N2_each_bit_of_an_options_magic_counts()
    {
        for (int bit = 0; bit < 64; bit++)
        {
            byte[] option = Option(NbdOption.List);
            option[bit / 8] ^= (byte)(1 << (bit % 8));
            NegotiationBench bench = After(option);
            Assert.Equal(NbdDropReason.BadOptionMagic, bench.DropReason);
            Assert.Empty(bench.Output);
        }
    }

    [Fact]
    public void N3_a_length_of_all_ones_drops_every_option_and_allocates_nothing()
    {
        for (uint option = 0; option < 16; option++)
        {
            var output = new ArrayBufferWriter<byte>();
            var negotiation = new NbdServerNegotiation(new NegotiationBench(), output);
            negotiation.Feed(Both, out _);
            byte[] header = HeaderOnly((NbdOption)option, uint.MaxValue);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(NbdNegotiationOutcome.Dropped, negotiation.Feed(header, out _));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
            Assert.Equal(0, output.WrittenCount);
        }
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void N4_a_name_that_is_longer_than_its_option_is_invalid(NbdOption option)
    {
        foreach (uint claimed in new uint[] { 6, 12, 4096, 65_536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF9, 0xFFFF_FFFC, 0xFFFF_FFFF })
        {
            IsRefused(WithName(option, claimed, "disk0"u8), "ErrorInvalid");
        }
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void N5_names_end_at_4096_bytes_and_are_text(NbdOption option)
    {
        byte[] longest = [.. Enumerable.Repeat((byte)'x', 4096)];
        IsRefused(WithName(option, 4096, longest), "ErrorUnknown");
        IsRefused(WithName(option, 4097, [.. longest, (byte)'x']), "ErrorInvalid");
        IsRefused(WithName(option, 5, "dis\0k"u8), "ErrorInvalid");
        IsRefused(WithName(option, 6, "disk0\0"u8), "ErrorInvalid");
        IsRefused(WithName(option, 1, [0xFF]), "ErrorInvalid");
        IsRefused(WithName(option, 2, [0xC0, 0x80]), "ErrorInvalid");
        IsRefused(WithName(option, 3, [0xED, 0xA0, 0x80]), "ErrorInvalid");
        IsRefused(WithName(option, 4, [0xF4, 0x90, 0x80, 0x80]), "ErrorInvalid");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0x8000)]
    [InlineData(0xFFFF)]
    public void N6_more_information_types_than_data_are_invalid(ushort count)
    {
        byte[] data = [.. Number(5), .. "disk0"u8, (byte)(count >> 8), (byte)count, 0];
        IsRefused(Option(NbdOption.Info, data), "ErrorInvalid");
        IsRefused(Option(NbdOption.Go, data), "ErrorInvalid");
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000)]
    [InlineData(0x4000_0001)]
    [InlineData(0x4000_0000)]
    [InlineData(2)]
    public void N7_more_queries_than_data_are_invalid_and_cost_nothing(uint count)
    {
        byte[] data = [.. Number(5), .. "disk0"u8, .. Number(count), .. Number(0)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        IsRefused(Option(NbdOption.ListMetaContext, data), "ErrorInvalid");
        IsRefused(Option(NbdOption.SetMetaContext, data), "ErrorInvalid");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0x7FFF_FFFF)]
    [InlineData(0xFFFF_FFFC)]
    [InlineData(uint.MaxValue)]
    public void N8_a_query_past_the_end_is_invalid(uint claimedBytes)
    {
        byte[] data = [.. Number(5), .. "disk0"u8, .. Number(1), .. Number(claimedBytes), (byte)'x'];
        IsRefused(Option(NbdOption.ListMetaContext, data), "ErrorInvalid");
        IsRefused(Option(NbdOption.SetMetaContext, data), "ErrorInvalid");
    }

    [Fact]
    public void N9_a_huge_option_holds_only_what_has_come_of_it()
    {
        var negotiation = new NbdServerNegotiation(new NegotiationBench(), new ArrayBufferWriter<byte>());
        negotiation.Feed(Both, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        negotiation.Feed([.. HeaderOnly(NbdOption.Go, NbdLimits.MaxOptionDataBytes), .. new byte[100]], out _);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2048);
    }

    [Fact]
    public void N23_a_large_option_that_nobody_wants_is_read_over_in_no_memory()
    {
        // CVE-2017-15119: qemu-nbd read whatever length a client claimed, on its own time and memory.
        var negotiation = new NbdServerNegotiation(new NegotiationBench(), new ArrayBufferWriter<byte>());
        negotiation.Feed(Both, out _);
        negotiation.Feed(HeaderOnly((NbdOption)77, NbdLimits.MaxDrainedOptionBytes), out _);
        byte[] piece = new byte[4096];
        NbdNegotiationOutcome outcome = NbdNegotiationOutcome.NeedMore;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i < NbdLimits.MaxDrainedOptionBytes / piece.Length; i++)
        {
            outcome |= negotiation.Feed(piece, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(NbdNegotiationOutcome.NeedMore, outcome);
        Assert.Equal(NbdNegotiationOutcome.Dropped, After(HeaderOnly((NbdOption)77, NbdLimits.MaxDrainedOptionBytes + 1)).Outcome);
    }

    [Theory]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(3000)]
    [InlineData(4096)]
    public void N22_export_names_above_256_bytes_are_names_like_others(int lengthBytes)
    {
        // CVE-2017-15118: qemu copied names of up to 4096 bytes into a buffer of 256.
        byte[] name = [.. Enumerable.Repeat((byte)'a', lengthBytes)];
        IsRefused(WithName(NbdOption.Info, (uint)lengthBytes, name), "ErrorUnknown");
        IsRefused(WithName(NbdOption.Go, (uint)lengthBytes, name), "ErrorUnknown");
        Assert.Equal(NbdDropReason.UnknownExport, After(Option(NbdOption.ExportName, name)).DropReason);
    }

    [Fact]
    public void N25_options_in_an_order_that_nobody_thought_of_are_answered()
    {
        // CVE-2019-14851: nbdkit asserted that an INFO was followed by the GO that it expected.
        NegotiationBench bench = After(
            Info("disk0"), Info("disk0"), Info("other"), Info("nope"), Go("nope"), ListContexts("other"), Option(NbdOption.StructuredReply),
            Info("disk0"), SetContexts("other", "base:allocation"), Info("other"), SetContexts("nope"), Go("off"), Info("disk0"), Option(NbdOption.List));
        Assert.Equal(NbdNegotiationOutcome.NeedMore, bench.Outcome);
        Assert.Equal("3:Ack", bench.Replies()[^1]);
        Assert.Equal("other", bench.Feed(Go("other")).ChosenName);
        Assert.Equal(NbdNegotiationOutcome.Aborted, After(Info("disk0"), Option(NbdOption.Abort)).Outcome);
    }

    [Theory]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.Go)]
    public void N28_a_name_length_that_wraps_is_invalid(NbdOption option)
    {
        // CVE-2022-26495: nbd-server allocated length + 1 bytes, which is none for a length of all ones.
        IsRefused(Option(option, Number(uint.MaxValue)), "ErrorInvalid");
        IsRefused(Option(option, [.. Number(uint.MaxValue), .. new byte[65_536]]), "ErrorInvalid");
        IsRefused(Option(option, [.. Number(uint.MaxValue - 1), 0, 0]), "ErrorInvalid");
    }

    [Theory]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.Go)]
    public void N29_a_name_length_that_belies_the_options_length_is_invalid(NbdOption option)
    {
        // CVE-2022-26496: nbd-server read the name by its own length into a buffer on its stack.
        foreach (uint claimed in new[] { 1025u, 4096u, 8192u, 65_535u, 135_172u })
        {
            IsRefused(Option(option, [.. Number(claimed), .. new byte[64]]), "ErrorInvalid");
            IsRefused(Option(option, [.. Number(claimed), .. Enumerable.Repeat((byte)'A', (int)claimed - 1), 0]), "ErrorInvalid");
        }
    }
}

using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Negotiation against the live front end.</summary>
public sealed class NbdHagglingLiveTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task W3_H1_the_server_speaks_first_with_18_bytes(bool unix)
    {
        await using var bench = new NbdBench();
        using Stream stream = bench.OpenStream(unix);
        byte[] bytes = new byte[NbdGreeting.SizeBytes];
        stream.ReadExactly(bytes);
        Assert.Equal("4E42444D41474943" + "49484156454F5054" + "0003", Convert.ToHexString(bytes));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task P3_P6_P7_exports_are_listed_and_described(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect(unix);
        Assert.Equal([("disk0", "the first"), ("ro", ""), ("huge", "")], client.List());
        NbdExport export = client.Info("");
        Assert.Equal("disk0", export.Name);
        Assert.Equal("the first", export.Description);
        Assert.Equal(NbdBench.DiskBytes, export.SizeBytes);
        Assert.Equal(new NbdBlockSizes(1, 4096, 64 << 20), export.BlockSizes);
        Assert.Equal(export, client.Go("disk0"));
    }

    [Fact]
    public async Task T1_flags_say_what_is_kept()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        Assert.Equal(0x0D6D, (int)client.Info("disk0").Flags);
        Assert.Equal(0x0D6F, (int)client.Info("ro").Flags);
    }

    [Fact]
    public async Task O4_unknown_and_unspoken_options_leave_the_session_in_sync()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        Assert.Equal(NbdOptionReplyType.ErrorUnsupported, client.Haggling.Ask((NbdOption)4711, new byte[1 << 20])[^1].Type);
        Assert.Equal(NbdOptionReplyType.ErrorUnsupported, client.Haggling.Ask(NbdOption.PeekExport)[^1].Type);
        Assert.Equal(NbdOptionReplyType.ErrorPolicy, client.Haggling.Ask(NbdOption.StartTls)[^1].Type);
        Assert.Equal(NbdOptionReplyType.ErrorInvalid, client.Haggling.Ask(NbdOption.Go, new byte[5])[^1].Type);
        Assert.Equal(NbdOptionReplyType.ErrorUnknown, Assert.Throws<NbdNegotiationException>(() => client.Go("nope")).Error);
        Assert.Equal("ro", client.Go("ro").Name);
        Assert.Equal(NbdError.None, client.Read(0, new byte[512]));
    }

    [Fact]
    public async Task P2_ABORT_is_acknowledged_then_the_connection_closes()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        Assert.Equal([NbdOptionReplyType.Ack], client.Haggling.Ask(NbdOption.Abort).Select(r => r.Type));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
    }

    [Theory]
    [InlineData(NbdClientFlags.FixedNewstyle, 134)]
    [InlineData(NbdClientFlags.FixedNewstyle | NbdClientFlags.NoZeroes, 10)]
    [InlineData(NbdClientFlags.None, 134)]
    public async Task P1_EXPORT_NAME_answers_exactly(NbdClientFlags flags, int replyBytes)
    {
        await using var bench = new NbdBench();
        using NbdClient client = NbdClient.Connect(bench.Tcp.EndPoint, NbdBench.Patience, flags);
        client.Haggling.SendOption(NbdOption.ExportName, "huge"u8);
        byte[] reply = new byte[replyBytes];
        client.Stream.ReadExactly(reply);
        Assert.Equal(NbdBench.HugeBytes, BinaryPrimitives.ReadInt64BigEndian(reply));
        client.Stream.Write(NbdBench.Request(NbdCommand.Flush, 5, 0, 0));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 5), NbdBench.ReadReply(client.Stream));
    }

    [Theory]
    [InlineData("00000004", "unknown_client_flags")]
    [InlineData("00000003" + "49484156454F5055" + "0000000300000000", "bad_option_magic")]
    [InlineData("00000003" + "49484156454F5054" + "00000007FFFFFFFF", "option_too_long")]
    [InlineData("00000003" + "49484156454F5054" + "0000000100001001", "bad_export_name")]
    [InlineData("00000003" + "49484156454F5054" + "0000000100000001" + "61", "unknown_export")]
    public async Task H2_O1_O5_P1_broken_haggling_is_dropped_without_an_answer_and_counted(string hex, string kind)
    {
        await using var bench = new NbdBench();
        using Stream stream = bench.OpenStream();
        stream.ReadExactly(new byte[NbdGreeting.SizeBytes]);
        stream.Write(Convert.FromHexString(hex));
        Assert.Equal(0, NbdBench.ReadToEnd(stream).Bytes);
        Assert.Equal([(("nbd", kind), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task P11_flags_GO_and_requests_in_one_packet_are_all_served()
    {
        await using var bench = new NbdBench();
        using Stream stream = bench.OpenStream();
        byte[] data = NbdInfoRequest.Format("disk0", []);
        byte[] option = new byte[NbdOptionHeader.SizeBytes];
        new NbdOptionHeader(NbdOption.Go, (uint)data.Length).Write(option);
        stream.Write(
        [
            0, 0, 0, 3, .. option, .. data,
            .. NbdBench.Request(NbdCommand.Write, 1, 0, 4096, NbdBench.Pattern(4096)), .. NbdBench.Request(NbdCommand.Read, 2, 0, 4096),
            .. NbdBench.Request(NbdCommand.Disconnect, 3, 0, 0),
        ]);
        stream.ReadExactly(new byte[NbdGreeting.SizeBytes + NbdOptionReplyHeader.SizeBytes + 12 + NbdOptionReplyHeader.SizeBytes]);
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 2), NbdBench.ReadReply(stream));
        byte[] read = new byte[4096];
        stream.ReadExactly(read);
        Assert.Equal(NbdBench.Pattern(4096), read);
        Assert.Equal((0, false), NbdBench.ReadToEnd(stream));
    }

    [Fact]
    public async Task S5_the_minimum_block_is_told_and_kept()
    {
        await using var bench = new NbdBench(minimumBlockBytes: 8192);
        using NbdClient client = bench.Connect();
        Assert.Equal(new NbdBlockSizes(8192, 8192, 64 << 20), client.Go("disk0").BlockSizes);
        Assert.Equal(NbdError.InvalidArgument, client.Write(4096, NbdBench.Pattern(8192)));
        Assert.Equal(NbdError.None, client.Write(8192, NbdBench.Pattern(8192)));
    }
}

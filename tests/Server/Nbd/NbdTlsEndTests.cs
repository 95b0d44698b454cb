using System.Security.Authentication;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>How a connection with TLS ends: in order, or with the power. In TLS 1.2 an alert can be seen from outside.</summary>
public sealed class NbdTlsEndTests
{
    private const int Alert = 21;

    private const SslProtocols Visible = SslProtocols.Tls12;
    private const SslProtocols Newest = SslProtocols.Tls13;

    [Theory]
    [InlineData("DISC")]
    [InlineData("ABORT")]
    [InlineData("stop")]
    [InlineData("stop while haggling")]
    public async Task L8_an_orderly_end_says_close_notify(string how)
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(Visible, how is "DISC" or "stop" ? "disk0" : null);
        using NbdClient _ = client;
        Assert.NotEqual(Alert, wire.LastRecordType());
        switch (how)
        {
            case "DISC":
                client.Disconnect();
                break;
            case "ABORT":
                Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.Ask(NbdOption.Abort)[^1].Type);
                break;
            default:
                await bench.Nbd.FrontEnd.StopAsync(NbdBench.Patience);
                break;
        }

        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal((Alert, false), (wire.LastRecordType(), wire.IsReset));
        Assert.Empty(bench.Errors);
    }

    [Fact]
    public async Task L8_E1_DISC_answers_everything_outstanding_before_close_notify()
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(Visible);
        using NbdClient _ = client;
        ulong[] cookies = [.. Enumerable.Range(0, 4).Select(i => client.Submit(NbdCommand.Read, (ulong)i << 20, 1 << 20))];
        client.Disconnect();
        byte[] data = new byte[1 << 20];
        Assert.All(cookies, c => Assert.Equal(NbdError.None, client.Wait(c, data)));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal(Alert, wire.LastRecordType());
    }

    [Theory]
    [InlineData(Visible)]
    [InlineData(Newest)]
    public async Task L8_E2_a_power_cut_resets_and_nothing_leaves_after_it(SslProtocols protocols)
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(protocols);
        using NbdClient _ = client;
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096)));
        int before = wire.ReceivedBytes + wire.Waiting;
        Cut(bench, OffBehaviour.Reset);
        NbdBench.ReadToEnd(wire);
        Assert.Equal((before, true), (wire.ReceivedBytes, wire.IsReset));
    }

    [Fact]
    public async Task E2_a_cut_that_finds_replies_half_sent_ends_them_there()
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(Newest);
        using NbdClient _ = client;
        for (int i = 0; i < 16; i++)
        {
            client.Submit(NbdCommand.Read, 0, 8 << 20);
        }

        // The first reply has begun to arrive, and sixteen cannot fit into the sockets.
        client.Stream.ReadExactly(new byte[NbdSimpleReply.SizeBytes]);
        Cut(bench, OffBehaviour.Reset);
        NbdBench.ReadToEnd(wire);
        Assert.InRange(wire.ReceivedBytes, 1, 16 * (8 << 20));
        Assert.True(wire.IsReset);
    }

    [Fact]
    public async Task E2_a_silent_disk_says_nothing_over_TLS_until_the_power_returns()
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(Visible);
        using NbdClient _ = client;
        Assert.Equal(NbdError.None, client.Flush());
        Cut(bench, OffBehaviour.Hang);
        client.Submit(NbdCommand.Write, 0, 512, NbdBench.Pattern(512), NbdCommandFlags.Fua);
        client.Disconnect();
        using (NbdClient other = bench.Open("huge"))
        {
            Assert.Equal(NbdError.None, other.Write(0, NbdBench.Pattern(4096)));
        }

        Assert.Equal(0, wire.Waiting);
        bench.Nbd.First.Disk.PowerOn();
        int before = wire.ReceivedBytes;
        NbdBench.ReadToEnd(wire);
        Assert.Equal((before, true), (wire.ReceivedBytes, wire.IsReset));
        using NbdClient after = bench.Open("disk0");
        byte[] read = new byte[512];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.All(read, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task E2_a_disk_that_is_off_may_answer_errors_over_TLS()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Open("disk0");
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(512)));
        Cut(bench, OffBehaviour.Error);
        Assert.Equal(NbdError.Shutdown, client.Flush());
        Assert.Equal(NbdError.Shutdown, client.Read(0, new byte[512]));
        bench.Nbd.First.Disk.PowerOn();
        Assert.ThrowsAny<IOException>(() => client.Flush());
    }

    [Fact]
    public async Task E3_clients_that_vanish_in_the_middle_of_everything_hurt_nobody()
    {
        await using var bench = new TlsBench();
        for (int i = 0; i < 4; i++)
        {
            using NbdClient vanishing = bench.Nbd.Connect();
            Assert.Equal(NbdOptionReplyType.Ack, vanishing.Haggling.Ask(NbdOption.StartTls)[^1].Type);
            using NbdClient reading = bench.Open("disk0");
            for (int j = 0; j < 16; j++)
            {
                reading.Submit(NbdCommand.Read, 0, 4 << 20);
            }

            (NbdClient torn, WireTap wire) = bench.OpenTapped(Newest);
            wire.Write([23, 3, 3, 0x40, 0, 1, 2, 3]);
            torn.Dispose();
        }

        using NbdClient good = bench.Open("disk0");
        Assert.Equal(NbdError.None, good.Write(0, NbdBench.Pattern(4096)));
    }

    [Fact]
    public async Task E3_a_record_that_was_tampered_with_ends_the_connection()
    {
        await using var bench = new TlsBench();
        (NbdClient client, WireTap wire) = bench.OpenTapped(Newest);
        using NbdClient _ = client;
        wire.Write([23, 3, 3, 0, 32, .. NbdBench.Pattern(32)]);
        NbdBench.ReadToEnd(wire);
        using NbdClient good = bench.Open("disk0");
        Assert.Equal(NbdError.None, good.Flush());
    }

    private static void Cut(TlsBench bench, OffBehaviour behaviour)
    {
        bench.Nbd.First.OffBehaviour = behaviour;
        bench.Nbd.First.Disk.Cut();
        bench.Nbd.FrontEnd.Silence(bench.Nbd.First);
    }
}

using System.Net.Sockets;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Hostile clients on a live server, each as it was or would be; a good client goes on beside them.</summary>
public sealed class NbdHostileLiveTests
{
    private const uint LargestTrim = 4_294_966_784;

    private static void IsStillServed(NbdBench bench)
    {
        using NbdClient good = bench.Open("huge", unix: true);
        Assert.Equal(NbdError.None, good.Write(1 << 30, NbdBench.Pattern(4096)));
        byte[] read = new byte[4096];
        Assert.Equal(NbdError.None, good.Read(1 << 30, read));
        Assert.Equal(NbdBench.Pattern(4096), read);
    }

    private static byte[] OptionHeader(NbdOption option, uint lengthBytes)
    {
        byte[] bytes = new byte[NbdOptionHeader.SizeBytes];
        new NbdOptionHeader(option, lengthBytes).Write(bytes);
        return bytes;
    }

    private static void WaitUntilGone(NbdBench bench, ServedDisk disk)
    {
        SpinWait.SpinUntil(() => bench.FrontEnd.CountConnections(disk) == 0, NbdBench.Patience);
        Assert.Equal(0, bench.FrontEnd.CountConnections(disk));
    }

    [Fact]
    public async Task N3_a_length_of_all_ones_in_a_request_is_judged_by_its_command()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        foreach (NbdCommand command in new[] { NbdCommand.Read, NbdCommand.Trim, NbdCommand.Cache, NbdCommand.BlockStatus, NbdCommand.Flush, (NbdCommand)77 })
        {
            Assert.Equal(NbdError.InvalidArgument, client.Wait(client.Submit(command, 0, uint.MaxValue)));
        }

        Assert.Equal(NbdError.NoSpace, client.Wait(client.Submit(NbdCommand.WriteZeroes, 0, uint.MaxValue)));
        client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, uint.MaxValue));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        IsStillServed(bench);
    }

    [Fact]
    public async Task N9_a_huge_option_of_which_only_a_part_comes_is_forgotten()
    {
        await using var bench = new NbdBench();
        foreach (uint length in new[] { 135_172u, 1u << 20 })
        {
            foreach (NbdOption option in new[] { NbdOption.Go, NbdOption.SetMetaContext, (NbdOption)99 })
            {
                using Stream stream = bench.OpenStream();
                stream.Write([0, 0, 0, 3, .. OptionHeader(option, length), .. new byte[1000]]);
            }
        }

        IsStillServed(bench);
    }

    [Fact]
    public async Task N10_a_handshake_byte_by_byte_ends_at_the_deadline_whatever_it_has_got_to()
    {
        var time = new FiredByHandTime();
        await using var bench = new NbdBench(time: time);
        using NetworkStream slow = bench.OpenStream();
        slow.ReadExactly(new byte[NbdGreeting.SizeBytes]);
        byte[] list = [0, 0, 0, 3, .. OptionHeader(NbdOption.List, 0)];
        foreach (byte one in list)
        {
            slow.WriteByte(one);
        }

        slow.ReadExactly(new byte[NbdOptionReplyHeader.SizeBytes]);
        slow.Write(OptionHeader(NbdOption.Go, 100).AsSpan(0, 7));
        time.FireAll();
        while (NbdBench.ReadToEnd(slow) is { Bytes: > 0, IsReset: false })
        {
            // The rest of the list was on its way.
        }

        Assert.Equal([(("nbd", "handshake_timeout"), 1L)], bench.ProtocolErrors.Read());
        IsStillServed(bench);
    }

    [Theory]
    [InlineData(512, 0)]
    [InlineData(512, 511)]
    [InlineData(64 << 20, 0)]
    [InlineData(64 << 20, 100_000)]
    [InlineData(128 << 20, 100_000)]
    public async Task N12_a_WRITE_that_ends_after_its_header_changes_nothing(int claimedBytes, int sentBytes)
    {
        await using var bench = new NbdBench();
        using (NbdClient client = bench.Open())
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, (uint)claimedBytes, NbdBench.Pattern(sentBytes)));
        }

        WaitUntilGone(bench, bench.First);
        Assert.Equal(0, bench.First.Disk.GetStatistics().NewestSequence);
        IsStillServed(bench);
    }

    [Fact]
    public async Task N13_a_WRITE_of_128_MiB_is_read_over_and_one_byte_more_closes()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        Assert.Equal(NbdError.InvalidArgument, client.Write(0, new byte[128 << 20]));
        Assert.Equal(NbdError.None, client.Flush());
        client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, (128 << 20) + 1));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Contains(bench.ProtocolErrors.Read(), e => e.Label.Kind == "payload_too_long");
    }

    [Theory]
    [InlineData(NbdReplyStyle.Simple)]
    [InlineData(NbdReplyStyle.Extended)]
    public async Task N14_offsets_that_wrap_are_outside(NbdReplyStyle style)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Connect();
        NbdBench.Use(client, style);
        client.Go("disk0");
        ulong[] lengths = style == NbdReplyStyle.Extended ? [512, uint.MaxValue, long.MaxValue, 1ul << 63, ulong.MaxValue] : [512, uint.MaxValue];
        foreach (ulong offset in new[] { ulong.MaxValue - 511, ulong.MaxValue, 1ul << 63, (1ul << 63) - 512 })
        {
            foreach (ulong length in lengths)
            {
                foreach (NbdCommand command in new[] { NbdCommand.Trim, NbdCommand.Cache, NbdCommand.BlockStatus })
                {
                    Assert.Equal(NbdError.InvalidArgument, client.Wait(client.Submit(command, offset, length)));
                }

                Assert.Equal(NbdError.NoSpace, client.Wait(client.Submit(NbdCommand.WriteZeroes, offset, length)));
            }

            Assert.Equal(NbdError.InvalidArgument, client.Wait(client.Submit(NbdCommand.Read, offset, 512)));
            Assert.Equal(NbdError.NoSpace, client.Wait(client.Submit(NbdCommand.Write, offset, 512, new byte[512])));
        }

        Assert.Equal(0, bench.First.Disk.GetStatistics().NewestSequence);
    }

    [Fact]
    public async Task N15_ten_thousand_TRIMs_of_4_GiB_pile_nothing_up()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        for (int i = 0; i < 100; i++)
        {
            ulong[] cookies = [.. Enumerable.Range(0, 100).Select(n =>
                client.Submit(n % 2 == 0 ? NbdCommand.Trim : NbdCommand.WriteZeroes, (ulong)n * 512, LargestTrim))];
            Assert.All(cookies, c => Assert.Equal(NbdError.None, client.Wait(c)));
        }

        Assert.InRange(bench.Huge.Disk.GetStatistics().PendingCommands, 1, 10_000);
        Assert.InRange(bench.Huge.Disk.GetStatistics().ArenaBytes, 0, 16 << 20);
        Assert.Equal(NbdError.None, client.Flush());
        Assert.Equal(0, bench.Huge.Disk.GetStatistics().PendingCommands);
    }

    [Fact]
    public async Task N16_a_thousand_requests_of_one_cookie_are_answered_a_thousand_times()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        byte[] requests = [.. Enumerable.Repeat(NbdBench.Request(NbdCommand.Read, 9, 0, 512), 1000).SelectMany(r => r)];
        client.Stream.Write(requests);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(new NbdSimpleReply(NbdError.None, 9), NbdBench.ReadReply(client.Stream));
            client.Stream.ReadExactly(new byte[512]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task N19_clients_that_close_with_16_replies_of_32_MiB_queued_leave_nothing_behind(bool unix)
    {
        // nbdkit 1.32 ended with an assertion.
        await using var bench = new NbdBench();
        for (int i = 0; i < 4; i++)
        {
            using NbdClient client = bench.Open(unix: unix);
            for (ulong cookie = 0; cookie < 16; cookie++)
            {
                client.Stream.Write(NbdBench.Request(NbdCommand.Read, cookie, 0, 32 << 20));
            }

            client.Stream.ReadExactly(new byte[100_000]);
        }

        WaitUntilGone(bench, bench.First);
        Assert.Equal(0, bench.First.Meter.ConnectionCount);
        IsStillServed(bench);
    }

    [Theory]
    [InlineData("")]
    [InlineData("flags")]
    [InlineData("options")]
    [InlineData("simple")]
    [InlineData("structured")]
    [InlineData("extended")]
    public async Task N20_random_bytes_end_the_connection_at_every_phase(string phase)
    {
        await using var bench = new NbdBench();
        const ulong seed = 20_260_602;
        for (ulong round = 0; round < 20; round++)
        {
            using Stream stream = Reach(bench, phase);
            byte[] noise = new byte[4096];
            for (int i = 0; i < noise.Length; i++)
            {
                noise[i] = (byte)SplitMix64.Hash(seed, round, (ulong)i);
            }

            try
            {
                stream.Write(noise);
                NbdBench.ReadToEnd(stream);
            }
            catch (IOException)
            {
                // Closed before it had said all.
            }
        }

        Assert.Equal(0, bench.First.Disk.GetStatistics().NewestSequence);
        IsStillServed(bench);
    }

    private static Stream Reach(NbdBench bench, string phase)
    {
        if (phase is "" or "flags")
        {
            Stream stream = bench.OpenStream();
            stream.Write(phase.Length == 0 ? [] : [0, 0, 0, 3]);
            return stream;
        }

        NbdClient client = bench.Connect();
        NbdBench.Use(client, Enum.TryParse(phase, ignoreCase: true, out NbdReplyStyle style) ? style : NbdReplyStyle.Simple);
        if (phase != "options")
        {
            client.Go("disk0");
        }

        return client.Stream;
    }
}

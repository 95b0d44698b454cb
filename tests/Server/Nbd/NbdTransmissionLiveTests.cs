using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Requests and replies against the live front end.</summary>
public sealed class NbdTransmissionLiveTests
{
    private const uint LargestTrim = 4_294_966_784;

    public static TheoryData<int, bool> Sizes()
    {
        TheoryData<int, bool> data = [];
        foreach (int size in new[] { 1, 511, 512, 4096, 5000, 65_536, 262_116, 262_117, 1 << 20, (8 << 20) + 3, 64 << 20 })
        {
            data.Add(size, false);
            data.Add(size, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task What_was_written_is_read_whatever_the_size(int sizeBytes, bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open(unix: unix);
        byte[] written = NbdBench.Pattern(sizeBytes);
        Assert.Equal(NbdError.None, client.Write(1024, written));
        byte[] read = new byte[sizeBytes + 2];
        Assert.Equal(NbdError.None, client.Read(1023, read.AsSpan(0, Math.Min(read.Length, 64 << 20))));
        Assert.Equal(0, read[0]);
        Assert.True(read.AsSpan(1, Math.Min(sizeBytes, (64 << 20) - 1)).SequenceEqual(written.AsSpan(0, Math.Min(sizeBytes, (64 << 20) - 1))));
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Fact]
    public async Task Many_requests_in_flight_of_mixed_sizes_are_answered_each_once()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        int[] sizes = [512, 1 << 20, 1, 200_000, 4096, 3 << 20, 70_000, 0, 131_072];
        List<(ulong Cookie, int Size, byte Salt)> writes = [];
        for (int i = 0; i < 18; i++)
        {
            int size = sizes[i % sizes.Length];
            writes.Add((client.Submit(NbdCommand.Write, (ulong)i << 22, (uint)size, NbdBench.Pattern(size, (byte)i)), size, (byte)i));
        }

        writes.Reverse();
        Assert.All(writes, w => Assert.Equal(NbdError.None, client.Wait(w.Cookie)));
        Assert.All(writes, w =>
        {
            byte[] read = new byte[w.Size];
            Assert.Equal(NbdError.None, client.Read((long)w.Salt << 22, read));
            Assert.True(read.AsSpan().SequenceEqual(NbdBench.Pattern(w.Size, w.Salt)));
        });
    }

    [Fact]
    public async Task Requests_that_arrive_byte_by_byte_are_served()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        byte[] bytes =
        [
            .. NbdBench.Request(NbdCommand.Write, 1, 0, 600, NbdBench.Pattern(600)), .. NbdBench.Request(NbdCommand.Flush, 2, 0, 0),
        ];
        foreach (byte one in bytes)
        {
            client.Stream.WriteByte(one);
        }

        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 2), NbdBench.ReadReply(client.Stream));
    }

    [Fact]
    public async Task Q3_a_wrong_request_magic_closes_after_what_came_before_is_answered()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        byte[] bad = NbdBench.Request(NbdCommand.Read, 2, 0, 512);
        bad[3] ^= 1;
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Flush, 1, 0, 0), .. bad]);
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([(("nbd", "bad_request_magic"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task Q4_equal_cookies_in_flight_are_both_answered()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Flush, 9, 0, 0), .. NbdBench.Request(NbdCommand.Trim, 9, 0, 4096)]);
        Assert.Equal(new NbdSimpleReply(NbdError.None, 9), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 9), NbdBench.ReadReply(client.Stream));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(300_000)]
    [InlineData((64 << 20) + 1)]
    public async Task Q6_S6_a_refused_payload_is_read_over_and_the_next_request_is_found(int payloadBytes)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        Assert.Equal(NbdError.InvalidArgument, client.Write(0, new byte[payloadBytes], (NbdCommandFlags)0x4000));
        Assert.Equal(NbdError.NoSpace, client.Write(NbdBench.HugeBytes - 1, new byte[payloadBytes]));
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Fact]
    public async Task S6_a_payload_that_is_an_attack_closes()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, (128 << 20) + 1));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([(("nbd", "payload_too_long"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task S6_Y10_a_READ_above_the_maximum_is_refused_and_the_session_goes_on()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        client.Stream.Write(
        [
            .. NbdBench.Request(NbdCommand.Read, 1, 0, (64 << 20) + 1), .. NbdBench.Request(NbdCommand.Read, 2, 0, uint.MaxValue),
            .. NbdBench.Request(NbdCommand.Flush, 3, 0, 0),
        ]);
        Assert.Equal(new NbdSimpleReply(NbdError.InvalidArgument, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.InvalidArgument, 2), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 3), NbdBench.ReadReply(client.Stream));
    }

    [Fact]
    public async Task S7_Q12_TRIM_and_WRITE_ZEROES_of_4_GiB_cost_nothing()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open("huge");
        for (int i = 0; i < 257; i++)
        {
            Assert.Equal(NbdError.None, client.Trim(i * (long)LargestTrim, LargestTrim));
            Assert.Equal(NbdError.None, client.WriteZeroes(i * (long)LargestTrim, LargestTrim, NbdCommandFlags.FastZero));
        }

        Assert.Equal(NbdError.None, client.Flush());
    }

    [Theory]
    [InlineData(NbdCommand.Read)]
    [InlineData(NbdCommand.Write)]
    [InlineData(NbdCommand.Trim)]
    [InlineData(NbdCommand.WriteZeroes)]
    [InlineData(NbdCommand.Cache)]
    public async Task Q_zero_length_succeeds_and_never_closes(NbdCommand command)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.None, client.Wait(client.Submit(command, 512, 0, default, NbdCommandFlags.Fua)));
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Theory]
    [InlineData(NbdCommand.BlockStatus)]
    [InlineData(NbdCommand.Resize)]
    [InlineData((NbdCommand)200)]
    public async Task Q_unknown_commands_are_refused_and_the_session_goes_on(NbdCommand command)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.InvalidArgument, client.Wait(client.Submit(command, 0, 512)));
        Assert.Equal(NbdError.None, client.Flush());
        Assert.Equal([(("nbd", "invalid_request"), 1L)], bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task X2_read_only_and_out_of_range_have_their_errors_and_change_nothing()
    {
        await using var bench = new NbdBench();
        using NbdClient readOnly = bench.Open("ro");
        Assert.Equal(NbdError.NotPermitted, readOnly.Write(0, NbdBench.Pattern(512)));
        Assert.Equal(NbdError.NotPermitted, readOnly.Trim(0, 512));
        Assert.Equal(NbdError.NotPermitted, readOnly.WriteZeroes(0, 512));
        Assert.Equal(NbdError.None, readOnly.Flush());
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.NoSpace, client.Write(NbdBench.DiskBytes - 511, NbdBench.Pattern(512)));
        Assert.Equal(NbdError.InvalidArgument, client.Read(NbdBench.DiskBytes - 511, new byte[512]));
        Assert.Equal(NbdError.InvalidArgument, client.Cache(-512, 512));
        byte[] tail = new byte[512];
        Assert.Equal(NbdError.None, client.Read(NbdBench.DiskBytes - 512, tail));
        Assert.All(tail, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task Q9_FUA_goes_with_every_command()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(512), NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.Read(0, new byte[512], NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.Flush(NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.Trim(0, 512, NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.WriteZeroes(0, 512, NbdCommandFlags.Fua | NbdCommandFlags.NoHole));
        Assert.Equal(NbdError.None, client.Cache(0, 512, NbdCommandFlags.Fua));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E1_DISC_answers_everything_outstanding_then_closes(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open(unix: unix);
        List<byte> bytes = [];
        for (uint i = 0; i < 40; i++)
        {
            bytes.AddRange(NbdBench.Request(NbdCommand.Read, i, i * 65_536, 65_536));
        }

        client.Stream.Write([.. bytes, .. NbdBench.Request(NbdCommand.Disconnect, 99, 0, 0)]);
        Assert.Equal((40 * (16 + 65_536L), false), NbdBench.ReadToEnd(client.Stream));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F6_a_write_is_visible_at_once_on_every_connection(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient writer = bench.Open();
        using NbdClient reader = bench.Open("disk0", unix);
        byte[] read = new byte[4096];
        for (byte i = 1; i < 20; i++)
        {
            Assert.Equal(NbdError.None, writer.Write(8192, NbdBench.Pattern(4096, i)));
            Assert.Equal(NbdError.None, reader.Read(8192, read));
            Assert.Equal(NbdBench.Pattern(4096, i), read);
        }
    }

    [Fact]
    public async Task Several_threads_share_one_client_and_one_disk()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, thread =>
        {
            byte[] read = new byte[5000];
            for (byte i = 0; i < 50; i++)
            {
                Assert.Equal(NbdError.None, client.Write(thread * 8192L, NbdBench.Pattern(5000, i)));
                Assert.Equal(NbdError.None, client.Read(thread * 8192L, read));
                Assert.Equal(NbdBench.Pattern(5000, i), read);
            }
        });
    }
}

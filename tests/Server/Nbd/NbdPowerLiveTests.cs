using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>What clients see of a disk that is off (SEMANTICS 4 and 5). The disk loses all that is pending.</summary>
public sealed class NbdPowerLiveTests
{
    private static void Cut(NbdBench bench, OffBehaviour behaviour)
    {
        bench.First.OffBehaviour = behaviour;
        bench.First.Disk.Cut();
        bench.FrontEnd.Silence(bench.First);
    }

    [Fact]
    public async Task F1_F3_F4_flush_on_another_connection_and_FUA_survive_a_plain_write_does_not()
    {
        await using var bench = new NbdBench();
        using (NbdClient a = bench.Open())
        using (NbdClient b = bench.Open(unix: true))
        {
            Assert.Equal(NbdError.None, a.Write(0, NbdBench.Pattern(4096, 1)));
            Assert.Equal(NbdError.None, b.Flush());
            Assert.Equal(NbdError.None, a.Write(4096, NbdBench.Pattern(4096, 2)));
            Assert.Equal(NbdError.None, b.Write(8192, NbdBench.Pattern(4096, 3), NbdCommandFlags.Fua));
        }

        Cut(bench, OffBehaviour.Reset);
        bench.First.Disk.PowerOn();
        using NbdClient after = bench.Open();
        byte[] read = new byte[12_288];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.Equal([.. NbdBench.Pattern(4096, 1), .. new byte[4096], .. NbdBench.Pattern(4096, 3)], read);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reset_ends_every_connection_at_once_and_the_other_disks_go_on(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient idle = bench.Open(unix: unix);
        using NbdClient other = bench.Open("huge", unix);
        Cut(bench, OffBehaviour.Reset);
        (long bytes, bool isReset) = NbdBench.ReadToEnd(idle.Stream);
        Assert.Equal(0, bytes);
        Assert.True(isReset || unix);
        Assert.Equal(NbdError.None, other.Flush());
        Assert.Equal(0, bench.FrontEnd.CountConnections(bench.First) + bench.ReadOnly.Meter.ConnectionCount);
    }

    [Theory]
    [InlineData(NbdOption.Go)]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.ExportName)]
    public async Task Reset_resets_whoever_names_the_disk_while_the_listener_stays(NbdOption option)
    {
        await using var bench = new NbdBench();
        Cut(bench, OffBehaviour.Reset);
        using NbdClient client = bench.Connect();
        Assert.Equal(3, client.List().Count);
        client.Haggling.SendOption(option, option == NbdOption.ExportName ? "disk0"u8 : NbdInfoRequest.Format("disk0", []));
        Assert.Equal((0, true), NbdBench.ReadToEnd(client.Stream));
        using NbdClient other = bench.Open("huge");
        Assert.Equal(NbdError.None, other.Flush());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hang_answers_nothing_until_power_on_resets(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open(unix: unix);
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(512)));
        Cut(bench, OffBehaviour.Hang);
        client.Stream.Write(
        [
            .. NbdBench.Request(NbdCommand.Write, 1, 0, 512, NbdBench.Pattern(512), NbdCommandFlags.Fua), .. NbdBench.Request(NbdCommand.Read, 2, 0, 512),
            .. NbdBench.Request(NbdCommand.Flush, 3, 7, 7), .. NbdBench.Request(NbdCommand.Disconnect, 4, 0, 0),
        ]);
        bench.LetOthersWork();
        Assert.Equal(0, ((NetworkStream)client.Stream).Socket.Available);
        bench.First.Disk.PowerOn();
        (long bytes, bool isReset) = NbdBench.ReadToEnd(client.Stream);
        Assert.Equal(0, bytes);
        Assert.True(isReset || unix);
        using NbdClient after = bench.Open();
        byte[] read = new byte[512];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.All(read, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData(NbdOption.Go)]
    [InlineData(NbdOption.Info)]
    [InlineData(NbdOption.ExportName)]
    public async Task Hang_hangs_a_new_connection_that_names_the_disk_until_power_on_resets_it(NbdOption option)
    {
        await using var bench = new NbdBench();
        Cut(bench, OffBehaviour.Hang);
        using NbdClient client = bench.Connect();
        client.Haggling.SendOption(option, option == NbdOption.ExportName ? "disk0"u8 : NbdInfoRequest.Format("disk0", []));
        bench.LetOthersWork();
        Assert.Equal(0, ((NetworkStream)client.Stream).Socket.Available);
        bench.First.Disk.PowerOn();
        Assert.Equal((0, true), NbdBench.ReadToEnd(client.Stream));
        using NbdClient after = bench.Open();
        Assert.Equal(NbdError.None, after.Flush());
    }

    [Fact]
    public async Task Hang_notices_a_client_that_goes_away()
    {
        await using var bench = new NbdBench();
        NbdClient client = bench.Open();
        Cut(bench, OffBehaviour.Hang);
        client.Stream.Write(NbdBench.Request(NbdCommand.Flush, 3, 0, 0));
        Assert.Equal(1, bench.FrontEnd.CountConnections(bench.First));
        client.Dispose();
        SpinWait.SpinUntil(() => bench.FrontEnd.CountConnections(bench.First) == 0, NbdBench.Patience);
        Assert.Equal(0, bench.FrontEnd.CountConnections(bench.First));
        Assert.Equal(0, bench.First.Meter.ConnectionCount);
    }

    [Fact]
    public async Task Error_answers_every_command_with_ESHUTDOWN_until_power_on_resets()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Cut(bench, OffBehaviour.Error);
        Assert.Equal(NbdError.Shutdown, client.Read(0, new byte[512]));
        Assert.Equal(NbdError.Shutdown, client.Write(0, NbdBench.Pattern(300_000)));
        Assert.Equal(NbdError.Shutdown, client.Flush());
        Assert.Equal(NbdError.Shutdown, client.Trim(0, 512));
        Assert.Equal(NbdError.Shutdown, client.WriteZeroes(0, 512));
        Assert.Equal(NbdError.Shutdown, client.Cache(0, 512));
        Assert.Equal(NbdError.Shutdown, client.Trim(0, 0));
        bench.First.Disk.PowerOn();
        Assert.Equal((0, true), NbdBench.ReadToEnd(client.Stream));
    }

    [Fact]
    public async Task Error_refuses_INFO_and_GO_with_ERR_SHUTDOWN_and_drops_EXPORT_NAME()
    {
        await using var bench = new NbdBench();
        Cut(bench, OffBehaviour.Error);
        using NbdClient client = bench.Connect();
        Assert.Equal(NbdOptionReplyType.ErrorShutdown, Assert.Throws<NbdNegotiationException>(() => client.Info("disk0")).Error);
        Assert.Equal(NbdOptionReplyType.ErrorShutdown, Assert.Throws<NbdNegotiationException>(() => client.Go("")).Error);
        client.Haggling.SendOption(NbdOption.ExportName, "disk0"u8);
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
    }

    [Fact]
    public async Task An_orderly_shutdown_looks_the_same_and_loses_nothing()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(512)));
        bench.First.OffBehaviour = OffBehaviour.Error;
        bench.First.Disk.Shutdown();
        Assert.Equal(NbdError.Shutdown, client.Flush());
        bench.First.Disk.PowerOn();
        using NbdClient after = bench.Open();
        byte[] read = new byte[512];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.Equal(NbdBench.Pattern(512), read);
    }

    [Theory]
    [InlineData(OffBehaviour.Hang, false)]
    [InlineData(OffBehaviour.Hang, true)]
    [InlineData(OffBehaviour.Error, false)]
    [InlineData(OffBehaviour.Error, true)]
    public async Task A_client_that_does_not_read_is_torn_down_by_the_cut_and_gets_no_more(OffBehaviour behaviour, bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient stalled = bench.Open(unix: unix);
        for (ulong i = 0; i < 16; i++)
        {
            stalled.Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, 32 << 20));
        }

        // The first reply is on its way, so the server is sending and will block.
        NbdBench.ReadReply(stalled.Stream);
        Cut(bench, behaviour);
        (long bytes, bool isReset) = NbdBench.ReadToEnd(stalled.Stream);
        Assert.True(isReset || unix);
        Assert.True(bytes < 32 << 20, $"{bytes}: not even the first reply went on after the cut");
    }

    [Fact]
    public async Task Replies_that_wait_in_the_servers_own_socket_do_not_leave_after_the_cut()
    {
        await using var bench = new NbdBench();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        socket.ReceiveTimeout = (int)NbdBench.Patience.TotalMilliseconds;
        socket.Connect(bench.Tcp.EndPoint);
        using var client = new NbdClient(new NetworkStream(socket));
        client.Go("");
        const int requests = 8;
        const int lengthBytes = 32 << 10;
        for (ulong i = 0; i < requests; i++)
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, lengthBytes));
        }

        NbdBench.ReadReply(client.Stream);
        Cut(bench, OffBehaviour.Hang);
        (long bytes, bool isReset) = NbdBench.ReadToEnd(client.Stream);
        Assert.True(isReset && bytes < requests * lengthBytes, $"{bytes}");
    }

    [Fact]
    public async Task A_disk_that_leaves_the_registry_while_it_hangs_lets_its_clients_go()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        Cut(bench, OffBehaviour.Hang);
        client.Stream.Write(NbdBench.Request(NbdCommand.Flush, 1, 0, 0));
        bench.Disks.TryRemove(bench.First);
        bench.First.OffBehaviour = OffBehaviour.Reset;
        bench.FrontEnd.Silence(bench.First);
        Assert.Equal((0, true), NbdBench.ReadToEnd(client.Stream));
        bench.First.Disk.Dispose();
    }

    [Fact]
    public async Task Silence_leaves_a_disk_that_has_power_alone()
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open();
        bench.FrontEnd.Silence(bench.First);
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Theory]
    [InlineData(OffBehaviour.Reset)]
    [InlineData(OffBehaviour.Hang)]
    [InlineData(OffBehaviour.Error)]
    public async Task No_success_arrives_for_what_was_sent_after_the_cut_had_answered(OffBehaviour behaviour)
    {
        await using var bench = new NbdBench();
        for (int round = 0; round < 20; round++)
        {
            using NbdClient client = bench.Open();
            using var isRunning = new ManualResetEventSlim();
            long successes = 0;
            bool isCutAnswered = false;
            long successesAtAnswer = 0;
            var writer = new Thread(() =>
            {
                byte[] payload = NbdBench.Pattern(4096);
                try
                {
                    while (client.Write(0, payload) == NbdError.None)
                    {
                        Interlocked.Increment(ref successes);
                        isRunning.Set();
                    }
                }
                catch (IOException)
                {
                    // Reset: by the cut, or at power on.
                }
            });
            writer.Start();
            Assert.True(isRunning.Wait(NbdBench.Patience), $"round {round}");
            Cut(bench, behaviour);
            isCutAnswered = true;
            successesAtAnswer = Interlocked.Read(ref successes);
            bench.First.Disk.PowerOn();
            writer.Join();

            // One reply may have reached the client's socket before the answer and be counted after it.
            Assert.True(isCutAnswered && Interlocked.Read(ref successes) - successesAtAnswer <= 1, $"round {round}");
        }
    }
}

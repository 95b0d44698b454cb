using System.Net.Sockets;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>What hosts see of a disk that loses its power, and of one that leaves.</summary>
public sealed class NvmeTcpPowerLiveTests
{
    [Theory]
    [InlineData(OffBehaviour.Reset)]
    [InlineData(OffBehaviour.Reconnect)]
    public async Task Connections_drop_and_what_was_in_flight_gets_no_answer(OffBehaviour behaviour)
    {
        await using NvmeTcpBench bench = new();
        bench.First.OffBehaviour = behaviour;
        using NvmeTcpClient client = bench.Connect();
        using NvmeTcpClient other = bench.Connect(disk: "ro");
        client.Queue.HoldsReadyToTransfers = true;
        ushort write = client.Queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write) with { Cdw12 = 63 }, new byte[32_768]);
        client.Queue.WaitForReadyToTransfer();
        bench.First.Disk.Cut(1, LossModel.LoseAll);
        Assert.ThrowsAny<IOException>(() => client.Queue.Wait(write));
        Assert.ThrowsAny<IOException>(() => client.GetProperty(NvmeProperty.Status));

        // Another disk's host notices nothing.
        Assert.Equal(new byte[512], NvmeTcpBench.Read(other.Queue, 0, 512));
        NvmeTcpProtocolException refused = Assert.Throws<NvmeTcpProtocolException>(() => bench.Connect());
        bool isFinal = behaviour == OffBehaviour.Reset;
        Assert.Equal(isFinal, refused.Message.Contains("DNR", StringComparison.Ordinal));
        bench.First.Disk.PowerOn();
        using NvmeTcpClient again = bench.Connect();
        Assert.Equal(new byte[512], NvmeTcpBench.Read(again.Queue, 0, 512));
    }

    [Fact]
    public async Task A_host_that_comes_back_only_after_power_on_is_refused_once()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        bench.First.Disk.Cut(1, LossModel.LoseAll);
        bench.First.Disk.PowerOn();
        NvmeTcpProtocolException refused = Assert.Throws<NvmeTcpProtocolException>(() => bench.Connect());
        Assert.Contains("DNR", refused.Message, StringComparison.Ordinal);
        using NvmeTcpClient again = bench.Connect();
    }

    [Fact]
    public async Task Mute_means_mute_until_the_power_returns()
    {
        FiredByHandTime time = new();
        await using NvmeTcpBench bench = new(new FrontEndLimits { SilenceGrace = NvmeTcpBench.Patience }, time);
        bench.First.OffBehaviour = OffBehaviour.Hang;
        using NvmeTcpClient client = bench.Connect();
        bench.First.Disk.Cut(1, LossModel.LoseAll);
        NvmeTcpQueue queue = client.Queue;
        ushort read = queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Read), default, 512);
        client.Admin.Submit(NvmePropertyAccess.Get(NvmeProperty.Status, 0));
        using NvmeTcpQueue late = NvmeTcpQueue.Open(bench.Endpoint.EndPoint, NvmeTcpBench.Options());
        byte[] data = new byte[NvmeConnectData.SizeBytes];
        new NvmeConnectData(5, NvmeConnectData.AnyController, NvmeTcpBench.Options().SubsystemNqn, "nqn.2026-11.test:late").Write(data);
        NvmeCommand connect = new NvmeConnect(0, 0, 32, false, 0).ToCommand(1);
        late.Send(connect, data, default, 0);

        // Three silent connections and no thread.
        Assert.True(SpinWait.SpinUntil(() => bench.FrontEnd.CountParked() == 3, NvmeTcpBench.Patience), $"{bench.FrontEnd.CountParked()}");
        time.FireAll(); // no deadline of a handshake, and no Keep Alive
        Assert.Equal(3, bench.FrontEnd.CountParked());
        Assert.All((NvmeTcpQueue[])[queue, client.Admin, late], q => Assert.Equal(0, ((NetworkStream)q.Stream).Socket.Available));
        bench.First.Disk.PowerOn();
        Assert.ThrowsAny<IOException>(() => queue.Wait(read));
        Assert.ThrowsAny<IOException>(() => client.GetProperty(NvmeProperty.Status));
    }

    [Fact]
    public async Task A_disk_set_to_answer_says_a_path_error_for_good()
    {
        await using NvmeTcpBench bench = new();
        bench.First.OffBehaviour = OffBehaviour.Error;
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        queue.HoldsReadyToTransfers = true;
        ushort write = queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write) with { Cdw12 = 63 }, new byte[32_768]);
        NvmeTcpReadyToTransfer ready = queue.WaitForReadyToTransfer();
        bench.First.Disk.Cut(1, LossModel.LoseAll);
        NvmeStatus pathError = NvmeStatus.InternalPathError.Final;
        queue.Answer(ready);
        Assert.Equal(pathError, queue.Wait(write).Status);
        Assert.Equal(pathError, NvmeTcpBench.Write(queue, 0, new byte[512]));
        Assert.Equal(pathError, NvmeTcpBench.Flush(queue));
        Assert.Equal(pathError, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Read, 0, 8), default, new byte[4096]).Status);
        Assert.Equal(pathError, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Verify)).Status);
        bench.First.Disk.PowerOn();
        Assert.ThrowsAny<IOException>(() => NvmeTcpBench.Flush(queue));
    }

    [Fact]
    public async Task A_shutdown_that_the_host_asks_for_flushes()
    {
        await using NvmeTcpBench bench = new();
        byte[] data = NvmeTcpBench.Pattern(4096);
        using NvmeTcpClient client = bench.Connect();
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
        client.Shutdown();
        Assert.ThrowsAny<IOException>(() => NvmeTcpBench.Flush(client.Queue)); // its I/O queues are gone
        bench.First.Disk.Cut(1, LossModel.LoseAll);
        bench.First.Disk.PowerOn();
        Assert.Equal(data, bench.Peek(0, 4096));
    }

    [Fact]
    public async Task A_disk_that_leaves_drops_its_hosts()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        Assert.True(bench.Disks.TryRemove(bench.First));
        Assert.ThrowsAny<IOException>(() => NvmeTcpBench.Flush(client.Queue));
        Assert.ThrowsAny<IOException>(() => client.GetProperty(NvmeProperty.Status));
        Assert.Throws<NvmeTcpProtocolException>(() => bench.Connect());
        bench.First.Disk.Dispose();
    }

    [Fact]
    public async Task The_end_of_the_admin_queue_takes_the_others_with_it()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { QueueCount = 3 });
        Assert.Equal(3, bench.First.Meter.ConnectionCount);
        client.Admin.Dispose();
        Assert.True(SpinWait.SpinUntil(() => bench.First.Meter.ConnectionCount == 0, NvmeTcpBench.Patience));
        Assert.ThrowsAny<IOException>(() => NvmeTcpBench.Flush(client.Queues[2]));
    }

    [Fact]
    public async Task An_io_queue_that_ends_can_be_connected_again()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        client.Queue.Dispose();
        Assert.True(SpinWait.SpinUntil(() => bench.First.Meter.ConnectionCount == 0, NvmeTcpBench.Patience));
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(client.AddQueue(1)));
    }

    [Fact]
    public async Task Idle_connections_are_parked_and_serve_on()
    {
        await using NvmeTcpBench bench = new(new FrontEndLimits { IdlePatience = TimeSpan.FromMilliseconds(1) });
        using NvmeTcpClient client = bench.Connect();
        byte[] data = NvmeTcpBench.Pattern(65_536);
        for (int round = 0; round < 5; round++)
        {
            Assert.True(SpinWait.SpinUntil(() => bench.FrontEnd.CountParked() == 2, NvmeTcpBench.Patience));
            Assert.Equal(0, bench.FrontEnd.BufferBytes);
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, (ulong)round, data));
            Assert.Equal(data, NvmeTcpBench.Read(client.Queue, (ulong)round, data.Length));
            Assert.Equal(1u, (uint)client.GetProperty(NvmeProperty.Status));
        }
    }

    [Fact]
    public async Task A_stop_answers_what_is_in_flight_and_ends()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        queue.HoldsReadyToTransfers = true;
        ushort write = queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write) with { Cdw12 = 63 }, NvmeTcpBench.Pattern(32_768));
        NvmeTcpReadyToTransfer ready = queue.WaitForReadyToTransfer();
        Task stopping = bench.FrontEnd.StopAsync(NvmeTcpBench.Patience);
        queue.Answer(ready);
        Assert.Equal(NvmeStatus.Success, queue.Wait(write).Status);
        await stopping;
        Assert.Equal(NvmeTcpBench.Pattern(32_768), bench.Peek(0, 32_768));
    }
}

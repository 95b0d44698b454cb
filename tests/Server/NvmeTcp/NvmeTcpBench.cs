using System.Net.Sockets;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.NvmeTcp;
using BlockEmu.Server.Transport;
using BlockEmu.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>A live front end on loopback, with a disk of 512-byte blocks that loses all it can lose, and a read-only one.</summary>
internal sealed class NvmeTcpBench : IAsyncDisposable
{
    public const long DiskBytes = 80 << 20;
    public const int BlockBytes = 512;

    /// <summary>No test waits for this long; it turns a hanging server into a failure.</summary>
    public static readonly TimeSpan Patience = Pace.Seconds(30);

    public NvmeTcpBench(FrontEndLimits? limits = null, TimeProvider? time = null, Func<DiskOptions, DiskOptions>? change = null)
    {
        DiskOptions first = new() { Name = "disk0", SizeBytes = DiskBytes, Seed = 7, Loss = LossModel.LoseAll };
        First = Serve(change is null ? first : change(first));
        ReadOnly = Serve(new DiskOptions { Name = "ro", SizeBytes = 1 << 20, IsReadOnly = true, Seed = 7 });
        FrontEnd = new NvmeTcpFrontEnd(
            Disks, time ?? TimeProvider.System, ProtocolErrors, NullLogger<NvmeTcpFrontEnd>.Instance, limits);
        Assert.True(ListenEndpoint.TryParse("127.0.0.1:0", out ListenEndpoint? any));
        Endpoint = FrontEnd.Listen(any!);
    }

    public DiskRegistry Disks { get; } = new();

    public ProtocolErrors ProtocolErrors { get; } = new();

    public NvmeTcpFrontEnd FrontEnd { get; }

    public ListenEndpoint Endpoint { get; }

    public ServedDisk First { get; }

    public ServedDisk ReadOnly { get; }

    public static byte[] Pattern(int lengthBytes, byte salt = 1)
    {
        byte[] bytes = new byte[lengthBytes];
        for (int i = 0; i < lengthBytes; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8) + salt);
        }

        return bytes;
    }

    public static NvmeTcpClientOptions Options(string disk = "disk0") =>
        new() { SubsystemNqn = new NvmeIdentity(disk).Nqn, Timeout = Patience };

    /// <summary>A host with a controller and its queues.</summary>
    public NvmeTcpClient Connect(Func<NvmeTcpClientOptions, NvmeTcpClientOptions>? change = null, string disk = "disk0")
    {
        NvmeTcpClientOptions options = Options(disk);
        return NvmeTcpClient.Connect(Endpoint.EndPoint, change is null ? options : change(options));
    }

    /// <summary>A bare connection.</summary>
    public NetworkStream OpenStream() => NvmeTcpQueue.OpenStream(Endpoint.EndPoint, Patience);

    public static NvmeCommand Command(NvmeIoOpcode opcode, ulong startingLba = 0, int blockCount = 1) =>
        NvmeCommand.OnBlocks(opcode, 0, 1, startingLba, blockCount);

    public static NvmeStatus Write(NvmeTcpQueue queue, ulong startingLba, byte[] data, bool fua = false)
    {
        NvmeCommand write = Command(NvmeIoOpcode.Write, startingLba, data.Length / BlockBytes);
        return queue.Execute(fua ? write.WithForceUnitAccess() : write, data).Status;
    }

    public static byte[] Read(NvmeTcpQueue queue, ulong startingLba, int lengthBytes)
    {
        byte[] data = new byte[lengthBytes];
        Assert.Equal(NvmeStatus.Success, queue.Execute(Command(NvmeIoOpcode.Read, startingLba, lengthBytes / BlockBytes), default, data).Status);
        return data;
    }

    public static NvmeStatus Flush(NvmeTcpQueue queue, uint namespaceId = 1) =>
        queue.Execute(Command(NvmeIoOpcode.Flush) with { NamespaceId = namespaceId, Cdw12 = 0 }).Status;

    /// <summary>Bytes of the disk, by no front end.</summary>
    public byte[] Peek(long offsetBytes, int lengthBytes)
    {
        byte[] bytes = new byte[lengthBytes];
        Assert.Equal(DiskStatus.Ok, First.Disk.Read(First.Disk.PowerEpoch, offsetBytes, bytes));
        return bytes;
    }

    public long CountErrors(string kind) => ProtocolErrors.Read().FirstOrDefault(e => e.Label == (NvmeTcpFrontEnd.Label, kind)).Count;

    public ServedDisk Serve(DiskOptions options)
    {
        ServedDisk served = new(new Disk(options));
        Assert.True(Disks.TryAdd(served));
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await FrontEnd.DisposeAsync();
        foreach (ServedDisk served in Disks.All)
        {
            served.Disk.Dispose();
        }
    }
}

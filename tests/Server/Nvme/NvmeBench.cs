using System.Net;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>A target without connections: disks, and hosts that call it directly.</summary>
internal sealed class NvmeBench : IDisposable
{
    public const long SizeBytes = 1 << 20;

    public static readonly UInt128 HostId = 0x1234;

    public const string HostNqn = "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001";

    private readonly List<Disk> _disks = [];

    public NvmeBench(DiskOptions? options = null, TimeProvider? time = null, bool isServed = true)
    {
        Served = Add(options ?? new DiskOptions { Name = "disk0", SizeBytes = SizeBytes });
        Target = new NvmeTarget(Registry, time ?? TimeProvider.System, Log);
        if (isServed)
        {
            Target.Serve();
        }
    }

    public RecordedLog Log { get; } = new();

    public DiskRegistry Registry { get; } = new();

    public NvmeTarget Target { get; }

    public ServedDisk Served { get; }

    public string Nqn => new NvmeIdentity(Served.Disk.Name).Nqn;

    public ServedDisk Add(DiskOptions options, IReadOnlyList<string>? hosts = null)
    {
        Disk disk = new(options);
        _disks.Add(disk);
        ServedDisk served = new(disk) { NvmeHosts = hosts };
        Assert.True(Registry.TryAdd(served));
        return served;
    }

    public NvmeConnectAnswer Connect(
        INvmeQueueSink? sink = null, ushort queueId = 0, ushort controllerId = 0xFFFF, string? nqn = null, string? hostNqn = HostNqn,
        UInt128? hostId = null, int entries = 32, uint keepAliveMs = 0, ushort format = 0)
    {
        byte[] data = new byte[NvmeConnectData.SizeBytes];
        new NvmeConnectData(hostId ?? HostId, controllerId, nqn ?? Nqn, hostNqn).Write(data);
        return Target.Connect(
            new NvmeConnect(format, queueId, entries, true, keepAliveMs).ToCommand(1), data, new IPEndPoint(IPAddress.Loopback, 4420),
            sink ?? new RecordedQueue());
    }

    /// <summary>A controller that is enabled.</summary>
    public NvmeController ConnectReady(RecordedQueue? sink = null, string? nqn = null, uint keepAliveMs = 0, UInt128? hostId = null)
    {
        NvmeConnectAnswer answer = Connect(sink, nqn: nqn, keepAliveMs: keepAliveMs, hostId: hostId);
        NvmeController controller = Assert.IsType<NvmeQueue>(answer.Queue).Controller;
        Set(controller, NvmeConfiguration.Enabled);
        return controller;
    }

    public static void Set(NvmeController controller, NvmeConfiguration cc) =>
        Assert.Equal(NvmeStatus.Success, Run(controller, NvmePropertyAccess.Set(NvmeProperty.Configuration, cc.Value, 1)).Status);

    public static ulong Get(NvmeController controller, NvmeProperty property)
    {
        NvmeAdminAnswer answer = Run(controller, NvmePropertyAccess.Get(property, 1));
        Assert.Equal(NvmeStatus.Success, answer.Status);
        return answer.Result;
    }

    /// <summary>A command, with as much room for its answer as its SGL says.</summary>
    public static NvmeAdminAnswer Run(NvmeController controller, in NvmeCommand command) => Run(controller, command, out _);

    public static NvmeAdminAnswer Run(NvmeController controller, in NvmeCommand command, out byte[] data)
    {
        data = new byte[command.Data.LengthBytes];
        data.AsSpan().Fill(0xEE);
        return controller.Admin(command, [], data);
    }

    public static NvmeCommand Identify(NvmeIdentifyStructure structure, uint namespaceId = 0, byte commandSet = 0) => new()
    {
        Opcode = (byte)NvmeAdminOpcode.Identify,
        CommandId = 5,
        NamespaceId = namespaceId,
        Data = NvmeSgl.Transport(NvmeIdentifyController.SizeBytes),
        Cdw10 = (byte)structure,
        Cdw11 = (uint)commandSet << 24,
    };

    public static byte[] ReadIdentify(NvmeController controller, NvmeIdentifyStructure structure, uint namespaceId = 0)
    {
        NvmeAdminAnswer answer = Run(controller, Identify(structure, namespaceId), out byte[] data);
        Assert.Equal(new NvmeAdminAnswer(NvmeStatus.Success, 0, 4096), answer);
        return data;
    }

    public static byte[] ReadLog(NvmeController controller, NvmeLogPage page, int lengthBytes, uint namespaceId = 0xFFFF_FFFF, bool retains = false)
    {
        NvmeCommand command = new NvmeGetLogPage(page, 0, lengthBytes, retains, false).ToCommand(6, namespaceId);
        Assert.Equal(new NvmeAdminAnswer(NvmeStatus.Success, 0, lengthBytes), Run(controller, command, out byte[] data));
        return data;
    }

    public static NvmeCommand Feature(NvmeAdminOpcode opcode, NvmeFeature feature, uint value = 0, uint select = 0) => new()
    {
        Opcode = (byte)opcode,
        Cdw10 = (byte)feature | (select << 8),
        Cdw11 = value,
    };

    public static NvmeCommand EventRequest(ushort commandId) => new()
    {
        Opcode = (byte)NvmeAdminOpcode.AsynchronousEventRequest,
        CommandId = commandId,
    };

    public void Dispose()
    {
        Target.Dispose();
        _disks.ForEach(d => d.Dispose());
        Log.Dispose();
    }
}

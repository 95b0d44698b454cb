using System.Net;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>A host: an admin queue and some I/O queues on one controller, set up as Linux does it. Blocking; each queue for one
/// thread.</summary>
public sealed class NvmeTcpClient : IDisposable
{
    private readonly EndPoint _endPoint;
    private readonly NvmeTcpClientOptions _options;
    private readonly List<NvmeTcpQueue> _queues = [];

    private NvmeTcpClient(EndPoint endPoint, NvmeTcpClientOptions options)
    {
        _endPoint = endPoint;
        _options = options;
        Admin = NvmeTcpQueue.Open(endPoint, options);
    }

    public NvmeTcpQueue Admin { get; }

    /// <summary>The I/O queues; the first has QID 1.</summary>
    public IReadOnlyList<NvmeTcpQueue> Queues => _queues;

    /// <summary>The first I/O queue.</summary>
    public NvmeTcpQueue Queue => _queues[0];

    /// <summary>CNTLID.</summary>
    public ushort ControllerId { get; private set; }

    /// <summary>What Identify said of the controller.</summary>
    public NvmeIdentifyController Controller { get; private set; } = new();

    /// <summary>Connects, enables the controller and connects the I/O queues. Throws <see cref="NvmeTcpProtocolException"/> when a
    /// step is refused.</summary>
    public static NvmeTcpClient Connect(EndPoint endPoint, NvmeTcpClientOptions options)
    {
        NvmeTcpClient client = new(endPoint, options);
        try
        {
            NvmeCompletion accepted = Require(client.ConnectQueue(client.Admin, 0), "Connect");
            client.ControllerId = (ushort)accepted.Dw0;
            client.Enable();
            client.Controller = NvmeIdentifyController.Read(client.Identify(NvmeIdentifyStructure.Controller));
            for (int i = 1; i <= options.QueueCount; i++)
            {
                client.AddQueue((ushort)i);
            }

            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends Connect on a queue that has said ICReq.</summary>
    public NvmeCompletion ConnectQueue(NvmeTcpQueue queue, ushort queueId)
    {
        int entries = queueId == 0 ? _options.AdminEntries : _options.QueueEntries;
        byte[] data = new byte[NvmeConnectData.SizeBytes];
        ushort controllerId = queueId == 0 ? NvmeConnectData.AnyController : ControllerId;
        new NvmeConnectData(_options.HostId, controllerId, _options.SubsystemNqn, _options.HostNqn).Write(data);
        NvmeConnect connect = new(0, queueId, entries, _options.DisablesFlowControl, queueId == 0 ? _options.KeepAliveMs : 0);
        NvmeCommand command = connect.ToCommand(queue.NextCommandId());
        queue.Send(command, data, default, 0);
        return queue.Wait(command.CommandId);
    }

    /// <summary>One more I/O queue.</summary>
    public NvmeTcpQueue AddQueue(ushort queueId)
    {
        NvmeTcpQueue queue = NvmeTcpQueue.Open(_endPoint, _options);
        _queues.Add(queue);
        Require(ConnectQueue(queue, queueId), $"Connect of queue {queueId}");
        queue.InCapsuleBytes = Math.Max(0, ((int)Controller.CommandCapsuleUnits * 16) - NvmeCommand.SizeBytes);
        return queue;
    }

    /// <summary>CC.EN, and waits for CSTS.RDY.</summary>
    public void Enable()
    {
        SetProperty(NvmeProperty.Configuration, NvmeConfiguration.Enabled.Value);
        while ((GetProperty(NvmeProperty.Status) & (ulong)NvmeControllerStatus.Ready) == 0)
        {
            Thread.Yield();
        }
    }

    /// <summary>CC.SHN, and waits for CSTS.SHST: everything is flushed then.</summary>
    public void Shutdown()
    {
        SetProperty(NvmeProperty.Configuration, NvmeConfiguration.Enabled.WithShutdown(1).Value);
        while ((GetProperty(NvmeProperty.Status) & (ulong)NvmeControllerStatus.ShutdownComplete) == 0)
        {
            Thread.Yield();
        }
    }

    public ulong GetProperty(NvmeProperty property) =>
        Require(Admin.Execute(NvmePropertyAccess.Get(property, 0)), $"Property Get {property}").Result;

    public void SetProperty(NvmeProperty property, uint value) =>
        Require(Admin.Execute(NvmePropertyAccess.Set(property, value, 0)), $"Property Set {property}");

    /// <summary>The 4,096 bytes of an Identify.</summary>
    public byte[] Identify(NvmeIdentifyStructure structure, uint namespaceId = 0)
    {
        byte[] bytes = new byte[4096];
        NvmeCommand command = new() { Opcode = (byte)NvmeAdminOpcode.Identify, NamespaceId = namespaceId, Cdw10 = (byte)structure };
        Require(Admin.Execute(command, default, bytes), $"Identify {structure}");
        return bytes;
    }

    public void Dispose()
    {
        foreach (NvmeTcpQueue queue in _queues)
        {
            queue.Dispose();
        }

        Admin.Dispose();
    }

    private static NvmeCompletion Require(in NvmeCompletion completion, string what) =>
        completion.Status.IsSuccess
            ? completion
            : throw new NvmeTcpProtocolException($"{what} ended with {completion.Status}, DW0 {completion.Dw0:X}h");
}

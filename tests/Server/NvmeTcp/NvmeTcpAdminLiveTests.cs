using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>What crosses the seam between an admin queue's connection and its controller.</summary>
public sealed class NvmeTcpAdminLiveTests
{
    [Fact]
    public async Task Identify_comes_over_with_every_digest()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { Digests = NvmeTcpDigests.Header | NvmeTcpDigests.Data });
        Assert.Equal(client.ControllerId, client.Controller.ControllerId);
        NvmeIdentifyNamespace space = NvmeIdentifyNamespace.Read(client.Identify(NvmeIdentifyStructure.Namespace, 1));
        Assert.Equal((ulong)NvmeTcpBench.DiskBytes / NvmeTcpBench.BlockBytes, space.BlockCount);
    }

    [Fact]
    public async Task An_event_request_is_answered_when_something_happens_and_not_before()
    {
        await using NvmeTcpBench bench = new();
        NvmeTcpClientOptions options = NvmeTcpBench.Options() with { SubsystemNqn = NvmeNames.Discovery, QueueCount = 0 };
        using NvmeTcpClient client = NvmeTcpClient.Connect(bench.Endpoint.EndPoint, options);
        NvmeCommand configure = new()
        {
            Opcode = (byte)NvmeAdminOpcode.SetFeatures,
            Cdw10 = (byte)NvmeFeature.AsynchronousEventConfiguration,
            Cdw11 = 1u << 31,
        };
        Assert.Equal(NvmeStatus.Success, client.Admin.Execute(configure).Status);
        ushort request = client.Admin.Submit(new NvmeCommand { Opcode = (byte)NvmeAdminOpcode.AsynchronousEventRequest });
        Assert.Equal(NvmeStatus.Success, client.Admin.Execute(new NvmeCommand { Opcode = (byte)NvmeAdminOpcode.KeepAlive }).Status);
        Assert.False(client.Admin.IsComplete(request));
        bench.Serve(new Device.Geometry.DiskOptions { Name = "more", SizeBytes = 1 << 20 });
        NvmeCompletion completion = client.Admin.Wait(request);
        Assert.Equal((NvmeStatus.Success, 0x70F002u), (completion.Status, completion.Dw0));
    }

    [Fact]
    public async Task Data_of_an_admin_command_may_come_by_R2T()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { WaitsForReadyToTransfer = true });

        // Security Send, which nobody here knows; its data is taken nevertheless.
        NvmeCommand send = new() { Opcode = 0x81 };
        Assert.Equal(NvmeStatus.InvalidOpcode.Final, client.Admin.Execute(send, new byte[4096]).Status);
        Assert.Equal(1u, (uint)client.GetProperty(NvmeProperty.Status));
    }

    [Fact]
    public async Task Descriptors_of_admin_commands()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeCommand identify = new() { Opcode = (byte)NvmeAdminOpcode.Identify, Cdw10 = 1, Psdt = 1, CommandId = 500 };
        (NvmeSgl Data, byte Psdt, NvmeStatus Status)[] rows =
        [
            (NvmeSgl.InCapsule(4096), 1, NvmeStatus.SglTypeInvalid.Final),
            (NvmeSgl.Transport(512), 1, NvmeStatus.SglLengthInvalid.Final),
            (NvmeSgl.Transport(uint.MaxValue), 1, NvmeStatus.InvalidField.Final),
            (NvmeSgl.Transport(4096), 0, NvmeStatus.InvalidField.Final),
        ];
        foreach ((NvmeSgl data, byte psdt, NvmeStatus status) in rows)
        {
            client.Admin.Send(identify with { Data = data, Psdt = psdt }, default, default, 4096);
            Assert.Equal(status, client.Admin.Wait(500).Status);
        }
    }
}

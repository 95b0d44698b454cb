using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Live;

/// <summary>Over NVMe/TCP, in one of the ways there are: digests, data in the capsule or after R2T, flow control.</summary>
internal sealed class NvmeDoor : IGoodDoor
{
    private const string Subsystem = "nqn.2026-11.io.blockemu:" + ServerChild.GoodNvmeDisk;

    private readonly NvmeTcpClient _client;
    private readonly int _blockBytes;

    public NvmeDoor(EndPoint endPoint, Chance chance)
    {
        _client = NvmeTcpClient.Connect(endPoint, new NvmeTcpClientOptions
        {
            SubsystemNqn = Subsystem,
            Digests = (NvmeTcpDigests)chance.Below(4),
            DisablesFlowControl = chance.OneIn(2),
            WaitsForReadyToTransfer = chance.OneIn(3),
            DataAlignment = (byte)(chance.OneIn(3) ? chance.Below(32) : 0),
            HostDataBytes = chance.OneIn(2) ? 8192 : int.MaxValue,
            Timeout = IGoodDoor.Deadline,
        });
        NvmeIdentifyNamespace space = NvmeIdentifyNamespace.Read(_client.Identify(NvmeIdentifyStructure.Namespace, 1));
        _blockBytes = 1 << space.BlockShift;
        SizeBytes = (long)space.BlockCount * _blockBytes;
    }

    public long SizeBytes { get; }

    public string? Write(long offsetBytes, ReadOnlySpan<byte> data) =>
        Say(_client.Queue.Execute(Command(NvmeIoOpcode.Write, offsetBytes, data.Length), data));

    public string? Read(long offsetBytes, Span<byte> destination) =>
        Say(_client.Queue.Execute(Command(NvmeIoOpcode.Read, offsetBytes, destination.Length), default, destination));

    public string? Flush() => Say(_client.Queue.Execute(new NvmeCommand { Opcode = (byte)NvmeIoOpcode.Flush, NamespaceId = 1 }));

    public void Leave() => _client.Shutdown();

    public void Dispose() => _client.Dispose();

    private NvmeCommand Command(NvmeIoOpcode opcode, long offsetBytes, int lengthBytes) =>
        NvmeCommand.OnBlocks(opcode, 0, 1, (ulong)(offsetBytes / _blockBytes), lengthBytes / _blockBytes);

    private static string? Say(in NvmeCompletion completion) => completion.Status.IsSuccess ? null : completion.Status.ToString();
}

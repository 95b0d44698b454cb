using System.Net;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>The disk over NVMe/TCP: a host of its own, which has never been there before.</summary>
internal sealed class NvmeDoor : ILoadDoor
{
    private readonly NvmeTcpClient _client;
    private readonly int _blockBytes;

    /// <param name="endPoint">Where.</param>
    /// <param name="hostId">HOSTID; its bits also decide between digests and none, and between R2T and capsules.</param>
    public NvmeDoor(EndPoint endPoint, ulong hostId)
    {
        _client = NvmeTcpClient.Connect(endPoint, new NvmeTcpClientOptions
        {
            SubsystemNqn = $"nqn.2026-11.io.blockemu:{LiveServer.DiskName}",
            HostId = hostId,
            Digests = (NvmeTcpDigests)(hostId & 3),
            WaitsForReadyToTransfer = (hostId & 4) != 0,
            DisablesFlowControl = (hostId & 8) != 0,
            HostDataBytes = (hostId & 16) != 0 ? 4096 : int.MaxValue,
        });
        _blockBytes = 1 << NvmeIdentifyNamespace.Read(_client.Identify(NvmeIdentifyStructure.Namespace, 1)).BlockShift;
    }

    public bool NeedsBlocks => true;

    public ulong Submit(LoadCommand command, long offsetBytes, int lengthBytes, ReadOnlySpan<byte> payload, bool isFua)
    {
        if (command == LoadCommand.Flush)
        {
            return _client.Queue.Submit(new NvmeCommand { Opcode = (byte)NvmeIoOpcode.Flush, NamespaceId = 1 });
        }

        NvmeIoOpcode opcode = command switch
        {
            LoadCommand.Read => NvmeIoOpcode.Read,
            LoadCommand.Write => NvmeIoOpcode.Write,
            _ => NvmeIoOpcode.WriteZeroes,
        };
        NvmeCommand said = NvmeCommand.OnBlocks(opcode, 0, 1, (ulong)(offsetBytes / _blockBytes), lengthBytes / _blockBytes);
        if (isFua)
        {
            said = said.WithForceUnitAccess();
        }

        // Dataset Management has no FUA: a trim is zeroes that may deallocate.
        said = command == LoadCommand.Trim ? said with { Cdw12 = said.Cdw12 | (1u << 25) } : said;
        return _client.Queue.Submit(said, payload, command == LoadCommand.Read ? lengthBytes : 0);
    }

    public LoadAnswer Wait(ulong name, Span<byte> data)
    {
        NvmeStatus status = _client.Queue.Wait((ushort)name, data).Status;
        return new LoadAnswer(status.IsSuccess, status == NvmeStatus.InternalPathError.Final, IsLate: false, status.ToString());
    }

    public void ForbidMore()
    {
    }

    public void Dispose() => _client.Dispose();
}

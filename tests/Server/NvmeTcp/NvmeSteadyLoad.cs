using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Commands of one kind, so many at once, round and round over a span; it allocates nothing itself. Reads end without a
/// response capsule, writes are in their capsules as far as they fit.</summary>
internal sealed class NvmeSteadyLoad : IDisposable
{
    private readonly NvmeTcpClient _client;
    private readonly NvmeIoOpcode _opcode;
    private readonly bool _isFua;
    private readonly int _lengthBytes;
    private readonly int _depth;
    private readonly long _spanBytes;
    private readonly bool _isAsked;
    private readonly byte[] _capsules;
    private readonly byte[] _data;
    private readonly byte[] _replies;
    private readonly byte[] _asks;
    private long _offsetBytes;

    /// <param name="client">Its first queue is used; without flow control and digests.</param>
    /// <param name="opcode">Read, Write or Flush.</param>
    /// <param name="isFua">On each.</param>
    /// <param name="lengthBytes">Of each command; 0 for Flush.</param>
    /// <param name="spanBytes">Multiple of the length.</param>
    public NvmeSteadyLoad(NvmeTcpClient client, NvmeIoOpcode opcode, bool isFua, int lengthBytes, long spanBytes)
    {
        (_client, _opcode, _isFua, _lengthBytes, _spanBytes) = (client, opcode, isFua, lengthBytes, spanBytes);
        _depth = Math.Clamp((512 << 10) / Math.Max(lengthBytes, 1), 1, 32);
        bool isWrite = opcode == NvmeIoOpcode.Write;
        _isAsked = isWrite && lengthBytes > client.Queue.InCapsuleBytes;
        int inCapsuleBytes = isWrite && !_isAsked ? lengthBytes : 0;
        _capsules = new byte[_depth * (NvmeTcpCapsule.CommandHeaderBytes + inCapsuleBytes)];
        _capsules.AsSpan().Fill(0xA5);
        _asks = new byte[_isAsked ? _depth * NvmeTcpReadyToTransfer.SizeBytes : 0];
        _data = new byte[_isAsked ? _depth * (NvmeTcpDataHeader.SizeBytes + lengthBytes) : 0];
        _data.AsSpan().Fill(0xA5);
        _replies = new byte[_depth * (opcode == NvmeIoOpcode.Read ? NvmeTcpDataHeader.SizeBytes + lengthBytes : NvmeTcpCapsule.ResponseHeaderBytes)];
    }

    public void Run(int commandCount)
    {
        for (int done = 0; done < commandCount; done += _depth)
        {
            RunBatch();
        }
    }

    public void Dispose() => _client.Dispose();

    private void RunBatch()
    {
        int capsuleBytes = _capsules.Length / _depth;
        for (int i = 0; i < _depth; i++)
        {
            WriteCapsule(_capsules.AsSpan(i * capsuleBytes, capsuleBytes), (ushort)i);
            _offsetBytes = _lengthBytes == 0 ? 0 : (_offsetBytes + _lengthBytes) % _spanBytes;
        }

        Stream stream = _client.Queue.Stream;
        stream.Write(_capsules);
        if (_isAsked)
        {
            stream.ReadExactly(_asks);
            Answer();
            stream.Write(_data);
        }

        stream.ReadExactly(_replies);
        int replyBytes = _replies.Length / _depth;
        for (int i = 0; i < _depth; i++)
        {
            Check(_replies.AsSpan(i * replyBytes));
        }
    }

    private void WriteCapsule(Span<byte> capsule, ushort commandId)
    {
        int inCapsuleBytes = capsule.Length - NvmeTcpCapsule.CommandHeaderBytes;
        byte dataOffsetBytes = inCapsuleBytes > 0 ? (byte)NvmeTcpCapsule.CommandHeaderBytes : (byte)0;
        new NvmeTcpCommonHeader(
            NvmeTcpPduType.Command, NvmeTcpPduFlags.None, NvmeTcpCapsule.CommandHeaderBytes, dataOffsetBytes, (uint)capsule.Length).Write(capsule);
        NvmeSgl sgl = inCapsuleBytes > 0 ? NvmeSgl.InCapsule((uint)inCapsuleBytes) : NvmeSgl.Transport((uint)_lengthBytes);
        int blocks = Math.Max(1, _lengthBytes / NvmeTcpBench.BlockBytes);
        NvmeCommand command = NvmeCommand.OnBlocks(_opcode, commandId, 1, (ulong)_offsetBytes / NvmeTcpBench.BlockBytes, blocks, sgl);
        (_isFua ? command.WithForceUnitAccess() : command).Write(capsule[NvmeTcpCommonHeader.SizeBytes..]);
    }

    private void Answer()
    {
        int dataBytes = _data.Length / _depth;
        for (int i = 0; i < _depth; i++)
        {
            NvmeTcpReadyToTransfer ask = NvmeTcpReadyToTransfer.Read(_asks.AsSpan(i * NvmeTcpReadyToTransfer.SizeBytes));
            NvmeTcpCommonHeader common = new(
                NvmeTcpPduType.HostData, NvmeTcpPduFlags.Last, NvmeTcpDataHeader.SizeBytes, NvmeTcpDataHeader.SizeBytes, (uint)dataBytes);
            new NvmeTcpDataHeader(common, ask.CommandId, ask.TransferTag, 0, ask.LengthBytes).Write(_data.AsSpan(i * dataBytes));
        }
    }

    private void Check(ReadOnlySpan<byte> reply)
    {
        NvmeTcpCommonHeader header = NvmeTcpCommonHeader.Read(reply);
        bool isGood = _opcode == NvmeIoOpcode.Read
            ? header is { Type: NvmeTcpPduType.ControllerData, Flags: NvmeTcpPduFlags.Last | NvmeTcpPduFlags.Success }
            : header.Type == NvmeTcpPduType.Response && NvmeCompletion.Read(reply[NvmeTcpCommonHeader.SizeBytes..]).Status.IsSuccess;
        if (!isGood)
        {
            throw new InvalidDataException(Convert.ToHexString(reply[..24]));
        }
    }
}

using System.Buffers.Binary;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Reading PDUs: takes all that has arrived, judges each by its header, has it carried out, and receives again only after
/// everything that answers it is sent. A command that waits for its data keeps nobody waiting.</summary>
internal sealed class PduLoop(ClientLink link, PduFlow flow, CapsuleBatch replies, IQueueCommands unconnected, Action<string> countError)
{
    /// <summary>MAXH2CDATA: all of a command's data may come in one PDU.</summary>
    public const uint MaxHostDataBytes = NvmeLimits.MaxTransferBytes;

    // From here on data is received where it is kept.
    private const int LargeDataBytes = 16 << 10;

    private readonly NvmeTcpTargetJudge _judge = new(NvmeTcpDigests.Header | NvmeTcpDigests.Data, MaxHostDataBytes);
    private readonly PduIntake _input = flow.Input;
    private IQueueCommands _commands = unconnected;
    private NvmeQueue? _queue;
    private HostTransfer? _receiving;
    private int _receivingBytes;
    private bool _isDigestNext;

    /// <summary>From here on it is this queue's.</summary>
    public void Serve(NvmeQueue queue, IQueueCommands commands)
    {
        (_queue, _commands) = (queue, commands);
        flow.IsTalkative = queue.IsAdmin;
        _judge.MaxCapsuleDataBytes = (uint)(queue.IsAdmin ? NvmeLimits.AdminInCapsuleBytes : NvmeLimits.IoInCapsuleBytes);
    }

    /// <summary>Serves until nothing comes any more (None: it holds no buffer then, and is to be called again when something
    /// has come), or the session ends.</summary>
    public SessionEnd Run()
    {
        while (TryNext())
        {
            // One PDU after the other.
        }

        if (flow.End != SessionEnd.None)
        {
            flow.Release();
        }

        return flow.End;
    }

    private bool TryNext()
    {
        if (_receiving is not null)
        {
            return TakeData();
        }

        ReadOnlySpan<byte> arrived = _input.Arrived;
        if (arrived.Length < NvmeTcpCommonHeader.SizeBytes)
        {
            return EndStuck() && flow.Receive(NvmeTcpCommonHeader.SizeBytes);
        }

        NvmeTcpCommonHeader start = NvmeTcpCommonHeader.Read(arrived);
        NvmeTcpFault fault = _judge.JudgeStart(start);
        if (!fault.IsNone)
        {
            return Terminate(fault, arrived[..Math.Min(arrived.Length, Math.Max((int)start.HeaderBytes, NvmeTcpCommonHeader.SizeBytes))]);
        }

        int headerBytes = _judge.CountHeaderBytes(start.Type);
        if (arrived.Length < headerBytes)
        {
            return flow.Receive(headerBytes);
        }

        fault = _judge.JudgeHeader(arrived[..headerBytes]);
        if (!fault.IsNone)
        {
            return Terminate(fault, arrived[..start.HeaderBytes]);
        }

        return start.Type switch
        {
            NvmeTcpPduType.Command => TakeCapsule(start),
            NvmeTcpPduType.HostData => BeginData(start),
            NvmeTcpPduType.InitializeRequest => Initialize(arrived),
            _ => EndAsHostSays(),
        };
    }

    private bool TakeCapsule(in NvmeTcpCommonHeader start)
    {
        int wholeBytes = (int)start.LengthBytes;
        if (_input.Arrived.Length < wholeBytes)
        {
            return flow.Receive(wholeBytes);
        }

        if (_queue is not null && flow.Transfers.Count >= _queue.Entries)
        {
            // More commands than the queue has entries.
            return Terminate(NvmeTcpFault.Sequence, _input.Arrived[..start.HeaderBytes]);
        }

        _queue?.TakeEntry();
        ReadOnlySpan<byte> pdu = _input.Arrived[..wholeBytes];
        NvmeCommand command = NvmeCommand.Read(pdu[NvmeTcpCommonHeader.SizeBytes..]);
        bool isDamaged = false;
        ReadOnlySpan<byte> data = default;
        if (start.DataOffsetBytes != 0)
        {
            data = pdu.Slice(start.DataOffsetBytes, (int)NvmeTcpTargetJudge.CountDataBytes(start));
            isDamaged = _judge.DataDigestBytes > 0 && IsDamaged(Crc32C.Compute(data), pdu[^NvmeTcpCommonHeader.DigestBytes..]);
        }

        bool goesOn = _commands.Take(command, data, isDamaged);
        _input.Consume(wholeBytes);
        return goesOn || flow.EndAsReplies();
    }

    private bool BeginData(in NvmeTcpCommonHeader start)
    {
        if (_input.Arrived.Length < start.DataOffsetBytes)
        {
            return flow.Receive(start.DataOffsetBytes);
        }

        NvmeTcpDataHeader header = NvmeTcpDataHeader.Read(_input.Arrived);
        HostTransfer? transfer = flow.Transfers.Find(header.TransferTag);
        NvmeTcpFault fault = _judge.JudgeData(header, transfer?.Asked);
        if (!fault.IsNone)
        {
            return Terminate(fault, _input.Arrived[..start.HeaderBytes]);
        }

        _input.Consume(start.DataOffsetBytes);
        transfer!.DigestState = Crc32C.Begin;
        (_receiving, _receivingBytes) = (transfer, (int)header.LengthBytes);
        return true;
    }

    /// <summary>Some of an H2CData's data, or the digest behind it.</summary>
    private bool TakeData()
    {
        if (_isDigestNext)
        {
            return TakeDigest();
        }

        HostTransfer transfer = _receiving!;
        int takenBytes = Math.Min(_receivingBytes, _input.Arrived.Length);
        if (takenBytes > 0)
        {
            ReadOnlySpan<byte> taken = _input.Arrived[..takenBytes];
            AddToDigest(taken);
            transfer.Put(taken);
            _input.Consume(takenBytes);
            return Advance(takenBytes);
        }

        if (transfer.IsStocked || _receivingBytes < LargeDataBytes)
        {
            return flow.Receive(1, isMidData: true);
        }

        Span<byte> room = transfer.Bytes.Slice(transfer.DoneBytes, _receivingBytes);
        if (!flow.ReceiveData(room, out int receivedBytes))
        {
            return false;
        }

        AddToDigest(room[..receivedBytes]);
        transfer.DoneBytes += receivedBytes;
        return Advance(receivedBytes);
    }

    private void AddToDigest(ReadOnlySpan<byte> data)
    {
        if (_judge.DataDigestBytes > 0)
        {
            _receiving!.DigestState = Crc32C.Add(_receiving.DigestState, data);
        }
    }

    private bool Advance(int bytes)
    {
        _receivingBytes -= bytes;
        _isDigestNext = _receivingBytes == 0 && _judge.DataDigestBytes > 0;
        return _receivingBytes > 0 || _isDigestNext || FinishData();
    }

    private bool TakeDigest()
    {
        if (_input.Arrived.Length < NvmeTcpCommonHeader.DigestBytes)
        {
            return flow.Receive(NvmeTcpCommonHeader.DigestBytes, isMidData: true);
        }

        HostTransfer transfer = _receiving!;
        if (IsDamaged(Crc32C.End(transfer.DigestState), _input.Arrived) && transfer.Doom.IsSuccess)
        {
            transfer.Doom = NvmeStatus.TransientTransportError;
        }

        _input.Consume(NvmeTcpCommonHeader.DigestBytes);
        _isDigestNext = false;
        return FinishData();
    }

    private bool FinishData()
    {
        HostTransfer transfer = _receiving!;
        _receiving = null;
        if (!transfer.IsWhole)
        {
            return true;
        }

        flow.Transfers.Complete();
        return (_commands.Finish(transfer) && flow.Transfers.Feed()) || flow.EndAsReplies();
    }

    /// <summary>Commands that would wait for ever are to be tried again by their host.</summary>
    private bool EndStuck()
    {
        while (flow.Transfers.TakeStuck() is { } stuck)
        {
            stuck.GiveUp(NvmeStatus.CommandInterrupted);
            if (!_commands.Finish(stuck) || !flow.Transfers.Feed())
            {
                return flow.EndAsReplies();
            }
        }

        return true;
    }

    private bool IsDamaged(uint digest, ReadOnlySpan<byte> received)
    {
        bool isDamaged = BinaryPrimitives.ReadUInt32LittleEndian(received) != digest;
        if (isDamaged)
        {
            countError(NvmeTcpErrorKinds.DataDigest);
        }

        return isDamaged;
    }

    private bool Initialize(ReadOnlySpan<byte> arrived)
    {
        NvmeTcpInitializeRequest request = NvmeTcpInitializeRequest.Read(arrived);
        NvmeTcpFault fault = _judge.JudgeInitialize(request);
        if (!fault.IsNone)
        {
            return Terminate(fault, arrived[..NvmeTcpInitializeRequest.SizeBytes]);
        }

        replies.Writer.Agree(_judge.Digests, request.DataAlignment);
        Span<byte> response = stackalloc byte[NvmeTcpInitializeResponse.SizeBytes];
        new NvmeTcpInitializeResponse(0, 0, _judge.Digests, MaxHostDataBytes).Write(response);
        _input.Consume(NvmeTcpInitializeRequest.SizeBytes);
        return link.Send(response) || flow.EndWith(SessionEnd.Close);
    }

    /// <summary>The host has sent H2CTermReq: there is no answer to it.</summary>
    private bool EndAsHostSays()
    {
        countError(NvmeTcpErrorKinds.HostTerminated);
        return flow.EndWith(SessionEnd.Close);
    }

    private bool Terminate(NvmeTcpFault fault, ReadOnlySpan<byte> header)
    {
        countError(NvmeTcpErrorKinds.Of(fault.Status));
        Span<byte> terminate = stackalloc byte[NvmeTcpTerminate.MaxSizeBytes];
        int sizeBytes = new NvmeTcpTerminate(false, fault).Write(terminate, header);
        if (!flow.SendReplies())
        {
            return false;
        }

        link.Send(terminate[..sizeBytes]);
        return flow.EndWith(SessionEnd.Close);
    }
}

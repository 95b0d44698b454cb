using BlockEmu.Fuzz.Cases;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Targets;

/// <summary>The judge of what a controller is sent, without a socket; every verdict is held against rules worked out anew.</summary>
internal sealed class ControllerTarget(CaseKind kind, byte[] input, Pieces pieces)
{
    private const uint MaxHostDataBytes = 1 << 20;
    private const uint MaxCapsuleDataBytes = 16 << 10;
    private const int MaxTransfers = 64;

    private readonly Transcript _transcript = new();
    private readonly NvmeTcpTargetJudge _judge = new(NvmeTcpDigests.Header | NvmeTcpDigests.Data, MaxHostDataBytes);
    private readonly List<NvmeTcpTransfer> _transfers = [];
    private int _arrived;
    private int _at;

    public static string Run(CaseKind kind, byte[] input, Pieces pieces)
    {
        ControllerTarget target = new(kind, input, pieces);
        target.TakeAll();
        return target._transcript.ToString();
    }

    private void TakeAll()
    {
        if (kind != CaseKind.NvmeConnection)
        {
            _judge.JudgeInitialize(new NvmeTcpInitializeRequest(0, 0, NvmeTcpDigests.None, 0));
            _judge.MaxCapsuleDataBytes = MaxCapsuleDataBytes;
        }

        while (TakeNext())
        {
            // One PDU after the other.
        }
    }

    /// <summary>Lets bytes arrive until so many are there; false when no more come.</summary>
    private bool Await(ulong bytes)
    {
        while ((ulong)(_arrived - _at) < bytes && _arrived < input.Length)
        {
            _arrived += pieces.Next(input.Length - _arrived);
        }

        bool isThere = (ulong)(_arrived - _at) >= bytes;
        if (!isThere)
        {
            _transcript.Step("wants more");
        }

        return isThere;
    }

    private bool TakeNext()
    {
        if (!Await(NvmeTcpCommonHeader.SizeBytes))
        {
            return false;
        }

        NvmeTcpCommonHeader start = NvmeTcpCommonHeader.Read(input.AsSpan(_at));
        NvmeTcpFault fault = _judge.JudgeStart(start);
        if (!fault.IsNone)
        {
            return Refuse(start, fault);
        }

        int headerBytes = _judge.CountHeaderBytes(start.Type);
        if (!Await((ulong)headerBytes))
        {
            return false;
        }

        ReadOnlySpan<byte> header = input.AsSpan(_at, headerBytes);
        fault = _judge.JudgeHeader(header);
        if (!fault.IsNone)
        {
            return Refuse(start, fault);
        }

        CheckAccepted(start);
        fault = start.Type switch
        {
            NvmeTcpPduType.InitializeRequest => _judge.JudgeInitialize(NvmeTcpInitializeRequest.Read(header)),
            NvmeTcpPduType.HostData => TakeData(NvmeTcpDataHeader.Read(header)),
            _ => NvmeTcpFault.None,
        };
        if (!fault.IsNone)
        {
            return Refuse(start, fault);
        }

        _transcript.Step($"{start.Type}");
        if (start.Type == NvmeTcpPduType.HostTerminate || !Await(start.LengthBytes))
        {
            return false;
        }

        if (start.Type == NvmeTcpPduType.Command)
        {
            Ask(NvmeCommand.Read(header[NvmeTcpCommonHeader.SizeBytes..]));
        }

        _at += (int)start.LengthBytes;
        return true;
    }

    private void Ask(in NvmeCommand command)
    {
        if (command.Data.Kind == NvmeSglKind.Transport && command.Data.LengthBytes is > 0 and <= MaxHostDataBytes
            && (command.Opcode & 3) == 1 && _transfers.Count < MaxTransfers)
        {
            _transfers.Add(new NvmeTcpTransfer(command.CommandId, (ushort)_transfers.Count, 0, command.Data.LengthBytes, 0));
        }
    }

    private NvmeTcpFault TakeData(in NvmeTcpDataHeader data)
    {
        NvmeTcpTransfer? transfer = data.TransferTag < _transfers.Count && !_transfers[data.TransferTag].IsWhole
            ? _transfers[data.TransferTag]
            : null;
        NvmeTcpFault fault = _judge.JudgeData(data, transfer);
        if (fault.IsNone)
        {
            Demand(transfer is not null, "data that nobody asked for is taken");
            NvmeTcpTransfer asked = transfer!.Value;
            Demand(data.OffsetBytes == asked.DoneBytes, "data is taken out of turn");
            Demand((UInt128)data.OffsetBytes + data.LengthBytes <= asked.LengthBytes, "data is taken past the end");
            _transfers[data.TransferTag] = asked with { DoneBytes = asked.DoneBytes + data.LengthBytes };
        }

        return fault;
    }

    /// <summary>A header that was accepted: all that follows it is known, and bounded.</summary>
    private void CheckAccepted(in NvmeTcpCommonHeader header)
    {
        Demand(header.LengthBytes >= header.HeaderBytes, "a PDU shorter than its header is accepted");
        if (header.Type is not (NvmeTcpPduType.Command or NvmeTcpPduType.HostData))
        {
            Demand(header.LengthBytes <= NvmeTcpTerminate.MaxSizeBytes, "a long PDU without data is accepted");
            return;
        }

        Int128 digestBytes = (header.Flags & NvmeTcpPduFlags.DataDigest) == NvmeTcpPduFlags.None ? 0 : 4;
        Int128 dataBytes = header.DataOffsetBytes == 0 ? 0 : (Int128)header.LengthBytes - header.DataOffsetBytes - digestBytes;
        Int128 mostBytes = header.Type == NvmeTcpPduType.HostData ? MaxHostDataBytes : _judge.MaxCapsuleDataBytes;
        Demand(dataBytes >= 0 && dataBytes <= mostBytes, $"{dataBytes} bytes of data are accepted");
        Demand(dataBytes == NvmeTcpTargetJudge.CountDataBytes(header), "the data is counted wrongly");
        Demand(header.Type != NvmeTcpPduType.HostData || dataBytes > 0, "H2CData without data is accepted");
    }

    private bool Refuse(in NvmeTcpCommonHeader start, NvmeTcpFault fault)
    {
        bool hasInformation = fault.Status is NvmeTcpFatalStatus.InvalidHeaderField or NvmeTcpFatalStatus.UnsupportedParameter;
        Demand(!hasInformation || fault.Information < 128, "FEI is no offset in a header");
        Demand(fault.Status is > NvmeTcpFatalStatus.None and <= NvmeTcpFatalStatus.UnsupportedParameter, "FES is none");
        Span<byte> terminate = stackalloc byte[NvmeTcpTerminate.MaxSizeBytes];
        int bytes = new NvmeTcpTerminate(false, fault).Write(terminate, input.AsSpan(_at, Math.Min(_arrived - _at, NvmeTcpCommonHeader.SizeBytes)));
        _transcript.Answered(terminate[..bytes]);
        _transcript.Step($"{start.Type}: {fault.Status} {fault.Information}");
        return false;
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(otherwise);
        }
    }
}

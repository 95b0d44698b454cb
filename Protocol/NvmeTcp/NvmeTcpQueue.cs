using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>A host's side of one connection, which is one queue pair: submits commands, moves their data, matches completions.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Blocking, for one thread. What arrives is looked at while something is waited for.</description></item>
/// <item><description>A command's failure is a value; a lost connection an <see cref="IOException"/>, and with a C2HTermReq a
/// <see cref="NvmeTcpProtocolException"/> that has its FES and FEI.</description></item>
/// <item><description>It judges nothing the controller could judge, so that tests can say anything; <see cref="Stream"/> says even
/// more.</description></item>
/// </list>
/// </remarks>
public sealed class NvmeTcpQueue : IDisposable
{
    // Of everything that a controller may send once the queue is initialized.
    private const int MinHeaderBytes = 24;

    private const uint MinHostDataBytes = 4096;

    private readonly NvmeTcpClientOptions _options;
    private readonly Dictionary<ushort, Outstanding> _outstanding = [];
    private readonly Queue<NvmeTcpReadyToTransfer> _held = new();
    private ushort _lastCommandId;

    /// <summary>Says ICReq on a connection and reads the answer. The stream is ours from here on.</summary>
    public NvmeTcpQueue(Stream stream, NvmeTcpClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        Stream = stream;
        _options = options;
        byte[] request = new byte[NvmeTcpInitializeRequest.SizeBytes];
        new NvmeTcpInitializeRequest(0, options.DataAlignment, options.Digests, 0).Write(request);
        stream.Write(request);
        Terms = NvmeTcpInitializeResponse.Read(Expect(NvmeTcpPduType.InitializeResponse).Header);
        if (Terms.MaxHostDataBytes < MinHostDataBytes || Terms.DataAlignment > NvmeTcpInitializeRequest.MaxDataAlignment)
        {
            throw new NvmeTcpProtocolException($"an ICResp with MAXH2CDATA {Terms.MaxHostDataBytes} and CPDA {Terms.DataAlignment}");
        }
    }

    /// <summary>The connection itself.</summary>
    public Stream Stream { get; }

    /// <summary>ICResp.</summary>
    public NvmeTcpInitializeResponse Terms { get; }

    /// <summary>The most data in a capsule; larger data waits for R2T.</summary>
    public int InCapsuleBytes { get; set; } = NvmeTcpCapsule.AdminDataBytes;

    /// <summary>Whether an R2T is kept for <see cref="Answer"/> instead of being answered at once.</summary>
    public bool HoldsReadyToTransfers { get; set; }

    /// <summary>Connects over TCP and initializes.</summary>
    public static NvmeTcpQueue Open(EndPoint endPoint, NvmeTcpClientOptions options)
    {
        NetworkStream stream = OpenStream(endPoint, options.Timeout);
        try
        {
            return new NvmeTcpQueue(stream, options);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>A bare connection on which nothing has been said.</summary>
    public static NetworkStream OpenStream(EndPoint endPoint, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
#pragma warning disable CA2000 // Disposed of below when anything fails; the stream owns it otherwise.
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore CA2000
        try
        {
            int timeoutMs = timeout is { } some ? (int)some.TotalMilliseconds : 0;
            (socket.ReceiveTimeout, socket.SendTimeout) = (timeoutMs, timeoutMs);
            socket.Connect(endPoint);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>An identifier that no outstanding command has.</summary>
    public ushort NextCommandId()
    {
        do
        {
            _lastCommandId++;
        }
        while (_outstanding.ContainsKey(_lastCommandId));
        return _lastCommandId;
    }

    /// <summary>Sends a command as it is, with in-capsule data or without.</summary>
    /// <param name="command">It has its identifier and its descriptor.</param>
    /// <param name="inCapsule">Data in the capsule.</param>
    /// <param name="later">Data for R2Ts.</param>
    /// <param name="destinationBytes">How much C2HData there is room for.</param>
    public void Send(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, ReadOnlySpan<byte> later, int destinationBytes)
    {
        _outstanding[command.CommandId] = new Outstanding(later.ToArray(), new byte[destinationBytes]);
        Stream.Write(Capsule(command, inCapsule));
    }

    /// <summary>A capsule's bytes.</summary>
    public byte[] Capsule(in NvmeCommand command, ReadOnlySpan<byte> inCapsule = default)
    {
        Span<byte> header = stackalloc byte[NvmeTcpCapsule.CommandHeaderBytes];
        header[0] = (byte)NvmeTcpPduType.Command;
        command.Write(header[NvmeTcpCommonHeader.SizeBytes..]);
        return NvmeTcpPdu.Build(header, inCapsule, Terms.Digests, Terms.DataAlignment);
    }

    /// <summary>Submits a command and returns its identifier, which is to be given to <see cref="Wait"/>. Its descriptor follows
    /// from the data: to the controller in the capsule, if it fits, to the host in PDUs.</summary>
    public ushort Submit(in NvmeCommand command, ReadOnlySpan<byte> data = default, int destinationBytes = 0)
    {
        bool isInCapsule = !data.IsEmpty && data.Length <= InCapsuleBytes && !_options.WaitsForReadyToTransfer;
        NvmeSgl sgl = isInCapsule ? NvmeSgl.InCapsule((uint)data.Length) : NvmeSgl.Transport((uint)Math.Max(data.Length, destinationBytes));
        NvmeCommand whole = command with { CommandId = NextCommandId(), Data = sgl, Psdt = NvmeCommand.PsdtSgl };
        Send(whole, isInCapsule ? data : default, isInCapsule ? default : data, destinationBytes);
        return whole.CommandId;
    }

    /// <summary>Waits for a command's completion.</summary>
    public NvmeCompletion Wait(ushort commandId, Span<byte> destination = default)
    {
        Outstanding waited = Find(commandId);
        while (waited.Completion is null)
        {
            Take(NvmeTcpPdu.Receive(Stream));
        }

        _outstanding.Remove(commandId);
        waited.Destination.AsSpan(0, Math.Min(destination.Length, waited.Destination.Length)).CopyTo(destination);
        return waited.Completion.Value;
    }

    /// <summary>Waits until some R2T is held.</summary>
    public NvmeTcpReadyToTransfer WaitForReadyToTransfer()
    {
        while (_held.Count == 0)
        {
            Take(NvmeTcpPdu.Receive(Stream));
        }

        return _held.Dequeue();
    }

    /// <summary>Whether a command has been completed already.</summary>
    public bool IsComplete(ushort commandId) => Find(commandId).Completion is not null;

    /// <summary>Submits and waits.</summary>
    public NvmeCompletion Execute(in NvmeCommand command, ReadOnlySpan<byte> data = default, Span<byte> destination = default) =>
        Wait(Submit(command, data, destination.Length), destination);

    /// <summary>Sends the data that an R2T asks for.</summary>
    public void Answer(in NvmeTcpReadyToTransfer ready)
    {
        byte[] payload = Find(ready.CommandId).Payload;
        if (ready.LengthBytes == 0 || (ulong)ready.OffsetBytes + ready.LengthBytes > (ulong)payload.Length)
        {
            throw new NvmeTcpProtocolException($"an R2T for {ready.LengthBytes} bytes at {ready.OffsetBytes} of {payload.Length}");
        }

        uint mostBytes = (uint)Math.Min(_options.HostDataBytes, (int)Math.Min(Terms.MaxHostDataBytes, int.MaxValue));
        for (uint done = 0; done < ready.LengthBytes;)
        {
            uint bytes = Math.Min(mostBytes, ready.LengthBytes - done);
            uint offset = ready.OffsetBytes + done;
            done += bytes;
            Stream.Write(HostData(ready.CommandId, ready.TransferTag, offset, payload.AsSpan((int)offset, (int)bytes), done == ready.LengthBytes));
        }
    }

    /// <summary>An H2CData's bytes.</summary>
    public byte[] HostData(ushort commandId, ushort transferTag, uint offsetBytes, ReadOnlySpan<byte> data, bool isLast)
    {
        Span<byte> header = stackalloc byte[NvmeTcpDataHeader.SizeBytes];
        NvmeTcpPduFlags flags = isLast ? NvmeTcpPduFlags.Last : NvmeTcpPduFlags.None;
        new NvmeTcpDataHeader(new NvmeTcpCommonHeader(NvmeTcpPduType.HostData, flags, 0, 0, 0), commandId, transferTag, offsetBytes, (uint)data.Length)
            .Write(header);
        return NvmeTcpPdu.Build(header, data, Terms.Digests, Terms.DataAlignment);
    }

    /// <summary>Reads the next PDU, which must be of this type.</summary>
    public NvmeTcpPdu Expect(NvmeTcpPduType type)
    {
        NvmeTcpPdu pdu = NvmeTcpPdu.Receive(Stream);
        int least = type == NvmeTcpPduType.InitializeResponse ? NvmeTcpInitializeResponse.SizeBytes : MinHeaderBytes;
        return pdu.Common.Type == type && pdu.Common.HeaderBytes >= least ? pdu : throw Unexpected(pdu);
    }

    public void Dispose() => Stream.Dispose();

    private static NvmeTcpProtocolException Unexpected(NvmeTcpPdu pdu)
    {
        if (pdu.Common.Type != NvmeTcpPduType.ControllerTerminate || pdu.Common.HeaderBytes < NvmeTcpTerminate.HeaderBytes)
        {
            return new NvmeTcpProtocolException($"a PDU of type {pdu.Common.Type} that was not expected");
        }

        NvmeTcpFault fault = NvmeTcpTerminate.Read(pdu.Header).Fault;
        return new NvmeTcpProtocolException($"C2HTermReq, FES {(ushort)fault.Status:X2}h, FEI {fault.Information:X}h", fault);
    }

    private Outstanding Find(ushort commandId) =>
        _outstanding.TryGetValue(commandId, out Outstanding? found)
            ? found
            : throw new NvmeTcpProtocolException($"command {commandId} is not outstanding");

    private void Take(NvmeTcpPdu pdu)
    {
        if (pdu.Common.HeaderBytes < MinHeaderBytes)
        {
            throw new NvmeTcpProtocolException($"a PDU of type {pdu.Common.Type} with HLEN {pdu.Common.HeaderBytes}");
        }

        switch (pdu.Common.Type)
        {
            case NvmeTcpPduType.Response:
                NvmeCompletion completion = NvmeCompletion.Read(pdu.Header[NvmeTcpCommonHeader.SizeBytes..]);
                Find(completion.CommandId).Completion = completion;
                break;
            case NvmeTcpPduType.ControllerData:
                TakeData(pdu, NvmeTcpDataHeader.Read(pdu.Header));
                break;
            case NvmeTcpPduType.ReadyToTransfer:
                NvmeTcpReadyToTransfer ready = NvmeTcpReadyToTransfer.Read(pdu.Header);
                if (HoldsReadyToTransfers)
                {
                    _held.Enqueue(ready);
                }
                else
                {
                    Answer(ready);
                }

                break;
            default:
                throw Unexpected(pdu);
        }
    }

    private void TakeData(NvmeTcpPdu pdu, in NvmeTcpDataHeader header)
    {
        Outstanding command = Find(header.CommandId);
        if ((ulong)header.OffsetBytes + (ulong)pdu.Data.Length > (ulong)command.Destination.Length)
        {
            throw new NvmeTcpProtocolException($"{pdu.Data.Length} bytes of data at {header.OffsetBytes} of {command.Destination.Length}");
        }

        pdu.Data.CopyTo(command.Destination.AsSpan((int)header.OffsetBytes));
        if ((pdu.Common.Flags & NvmeTcpPduFlags.Success) != NvmeTcpPduFlags.None)
        {
            command.Completion = new NvmeCompletion(0, NvmeCompletion.NoSqHead, 0, header.CommandId, NvmeStatus.Success);
        }
    }

    private sealed class Outstanding(byte[] payload, byte[] destination)
    {
        public byte[] Payload { get; } = payload;

        public byte[] Destination { get; } = destination;

        public NvmeCompletion? Completion { get; set; }
    }
}

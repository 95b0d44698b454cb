using System.Buffers.Binary;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Writes what goes to the host, with the digests and the alignment that were agreed on. Allocates nothing.</summary>
internal sealed class PduWriter
{
    /// <summary>The most that <see cref="WriteCompletion"/> and <see cref="WriteReadyToTransfer"/> write.</summary>
    public const int MaxCapsuleBytes = NvmeTcpCapsule.ResponseHeaderBytes + NvmeTcpCommonHeader.DigestBytes;

    private bool _hasHeaderDigest;
    private bool _hasDataDigest;

    /// <summary>Bytes in front of a C2HData's data.</summary>
    public int DataPrefixBytes { get; private set; } = NvmeTcpDataHeader.SizeBytes;

    /// <summary>Bytes behind it.</summary>
    public int DataDigestBytes => _hasDataDigest ? NvmeTcpCommonHeader.DigestBytes : 0;

    /// <summary>After ICReq.</summary>
    public void Agree(NvmeTcpDigests digests, byte hostAlignment)
    {
        _hasHeaderDigest = (digests & NvmeTcpDigests.Header) != NvmeTcpDigests.None;
        _hasDataDigest = (digests & NvmeTcpDigests.Data) != NvmeTcpDigests.None;
        int unitBytes = (hostAlignment + 1) * 4;
        int headBytes = NvmeTcpDataHeader.SizeBytes + (_hasHeaderDigest ? NvmeTcpCommonHeader.DigestBytes : 0);
        DataPrefixBytes = (headBytes + unitBytes - 1) / unitBytes * unitBytes;
    }

    /// <summary>A response capsule; returns its length.</summary>
    public int WriteCompletion(Span<byte> wire, in NvmeCompletion completion)
    {
        const int headerBytes = NvmeTcpCapsule.ResponseHeaderBytes;
        int lengthBytes = Begin(wire, NvmeTcpPduType.Response, headerBytes);
        completion.Write(wire[NvmeTcpCommonHeader.SizeBytes..]);
        return End(wire, headerBytes, lengthBytes);
    }

    public int WriteReadyToTransfer(Span<byte> wire, in BatchedPdu pdu)
    {
        NvmeTcpPduFlags flags = _hasHeaderDigest ? NvmeTcpPduFlags.HeaderDigest : NvmeTcpPduFlags.None;
        new NvmeTcpReadyToTransfer(flags, pdu.CommandId, pdu.TransferTag, 0, pdu.WantedBytes).Write(wire);
        int lengthBytes = NvmeTcpReadyToTransfer.SizeBytes + (_hasHeaderDigest ? NvmeTcpCommonHeader.DigestBytes : 0);
        return End(wire, NvmeTcpReadyToTransfer.SizeBytes, lengthBytes);
    }

    /// <summary>What comes before the data: <see cref="DataPrefixBytes"/>.</summary>
    /// <param name="wire">Where.</param>
    /// <param name="commandId">CCCID.</param>
    /// <param name="dataBytes">DATAL.</param>
    /// <param name="isSuccess">No response capsule follows.</param>
    /// <param name="offsetBytes">DATAO: of a command's data that is cut into several PDUs.</param>
    /// <param name="isLast">Whether it ends with this one.</param>
    public void WriteDataPrefix(Span<byte> wire, ushort commandId, int dataBytes, bool isSuccess, int offsetBytes = 0, bool isLast = true)
    {
        NvmeTcpPduFlags flags = (isLast ? NvmeTcpPduFlags.Last : NvmeTcpPduFlags.None)
            | (isSuccess ? NvmeTcpPduFlags.Success : NvmeTcpPduFlags.None)
            | (_hasHeaderDigest ? NvmeTcpPduFlags.HeaderDigest : NvmeTcpPduFlags.None)
            | (_hasDataDigest ? NvmeTcpPduFlags.DataDigest : NvmeTcpPduFlags.None);
        uint lengthBytes = (uint)(DataPrefixBytes + dataBytes + DataDigestBytes);
        NvmeTcpCommonHeader common = new(NvmeTcpPduType.ControllerData, flags, NvmeTcpDataHeader.SizeBytes, (byte)DataPrefixBytes, lengthBytes);
        wire[NvmeTcpDataHeader.SizeBytes..DataPrefixBytes].Clear();
        new NvmeTcpDataHeader(common, commandId, 0, (uint)offsetBytes, (uint)dataBytes).Write(wire);
        if (_hasHeaderDigest)
        {
            Crc32C.Seal(wire, NvmeTcpDataHeader.SizeBytes);
        }
    }

    /// <summary>The digest of data in one piece; returns its length, which may be 0.</summary>
    public int WriteDataDigest(Span<byte> wire, ReadOnlySpan<byte> data)
    {
        if (_hasDataDigest)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(wire, Crc32C.Compute(data));
        }

        return DataDigestBytes;
    }

    /// <summary>The digest of data in several pieces; returns its length, which may be 0.</summary>
    public int WriteDataDigest(Span<byte> wire, ReadOnlySpan<PageSegment> data)
    {
        if (_hasDataDigest)
        {
            uint state = Crc32C.Begin;
            foreach (PageSegment segment in data)
            {
                state = Crc32C.Add(state, segment.Bytes);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(wire, Crc32C.End(state));
        }

        return DataDigestBytes;
    }

    private int Begin(Span<byte> wire, NvmeTcpPduType type, int headerBytes)
    {
        NvmeTcpPduFlags flags = _hasHeaderDigest ? NvmeTcpPduFlags.HeaderDigest : NvmeTcpPduFlags.None;
        int lengthBytes = headerBytes + (_hasHeaderDigest ? NvmeTcpCommonHeader.DigestBytes : 0);
        new NvmeTcpCommonHeader(type, flags, (byte)headerBytes, 0, (uint)lengthBytes).Write(wire);
        return lengthBytes;
    }

    private int End(Span<byte> wire, int headerBytes, int lengthBytes)
    {
        if (_hasHeaderDigest)
        {
            Crc32C.Seal(wire, headerBytes);
        }

        return lengthBytes;
    }
}

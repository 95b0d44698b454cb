using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>A PDU as a client received it: whole, its digests checked.</summary>
public sealed class NvmeTcpPdu
{
    // Far more than MDTS and everything around it.
    private const int MaxPduBytes = 8 << 20;

    private readonly byte[] _bytes;

    private NvmeTcpPdu(byte[] bytes, NvmeTcpCommonHeader common)
    {
        _bytes = bytes;
        Common = common;
    }

    public NvmeTcpCommonHeader Common { get; }

    /// <summary>HLEN bytes.</summary>
    public ReadOnlySpan<byte> Header => _bytes.AsSpan(0, Common.HeaderBytes);

    /// <summary>The data, without padding and digest.</summary>
    public ReadOnlySpan<byte> Data => _bytes.AsSpan(Common.DataOffsetBytes, (int)NvmeTcpTargetJudge.CountDataBytes(Common));

    /// <summary>All of it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads one; <see cref="NvmeTcpProtocolException"/> when a length or a digest is wrong, and
    /// <see cref="EndOfStreamException"/> at the end.</summary>
    public static NvmeTcpPdu Receive(Stream stream)
    {
        byte[] start = new byte[NvmeTcpCommonHeader.SizeBytes];
        stream.ReadExactly(start);
        NvmeTcpCommonHeader common = NvmeTcpCommonHeader.Read(start);
        int headDigestBytes = Has(common, NvmeTcpPduFlags.HeaderDigest) ? NvmeTcpCommonHeader.DigestBytes : 0;
        int dataDigestBytes = Has(common, NvmeTcpPduFlags.DataDigest) ? NvmeTcpCommonHeader.DigestBytes : 0;
        if (common.HeaderBytes == 0 || common.HeaderBytes != HeaderBytesOf(common.Type) || common.LengthBytes > MaxPduBytes
            || common.LengthBytes < Math.Max(common.HeaderBytes + headDigestBytes, common.DataOffsetBytes) + dataDigestBytes)
        {
            throw new NvmeTcpProtocolException($"a PDU of type {common.Type} with HLEN {common.HeaderBytes} and PLEN {common.LengthBytes}");
        }

        byte[] bytes = new byte[common.LengthBytes];
        start.CopyTo(bytes, 0);
        stream.ReadExactly(bytes.AsSpan(start.Length));
        NvmeTcpPdu pdu = new(bytes, common);
        bool isHeaderRight = headDigestBytes == 0 || ReadDigest(bytes, common.HeaderBytes) == Crc32C.Compute(pdu.Header);
        bool isDataRight = dataDigestBytes == 0 || ReadDigest(bytes, bytes.Length - dataDigestBytes) == Crc32C.Compute(pdu.Data);
        return isHeaderRight && isDataRight ? pdu : throw new NvmeTcpProtocolException($"a wrong digest in a PDU of type {common.Type}");
    }

    /// <summary>A PDU to send: its header in the first bytes, and everything that has to be around the data.</summary>
    /// <param name="header">HLEN bytes; the common header's fields that follow from the rest are filled in.</param>
    /// <param name="data">Its data; none if empty.</param>
    /// <param name="digests">What was agreed on.</param>
    /// <param name="alignment">CPDA or HPDA.</param>
    public static byte[] Build(ReadOnlySpan<byte> header, ReadOnlySpan<byte> data, NvmeTcpDigests digests, int alignment = 0)
    {
        bool hasHeaderDigest = (digests & NvmeTcpDigests.Header) != NvmeTcpDigests.None;
        bool hasDataDigest = (digests & NvmeTcpDigests.Data) != NvmeTcpDigests.None && !data.IsEmpty;
        int headBytes = header.Length + (hasHeaderDigest ? NvmeTcpCommonHeader.DigestBytes : 0);
        int unitBytes = (alignment + 1) * 4;
        int dataOffsetBytes = (headBytes + unitBytes - 1) / unitBytes * unitBytes;
        int lengthBytes = data.IsEmpty ? headBytes : dataOffsetBytes + data.Length + (hasDataDigest ? NvmeTcpCommonHeader.DigestBytes : 0);
        byte[] bytes = new byte[lengthBytes];
        header.CopyTo(bytes);
        data.CopyTo(bytes.AsSpan(data.IsEmpty ? 0 : dataOffsetBytes));
        NvmeTcpPduFlags flags = (NvmeTcpPduFlags)header[1] | (hasHeaderDigest ? NvmeTcpPduFlags.HeaderDigest : NvmeTcpPduFlags.None)
            | (hasDataDigest ? NvmeTcpPduFlags.DataDigest : NvmeTcpPduFlags.None);
        new NvmeTcpCommonHeader(
            (NvmeTcpPduType)header[0], flags, (byte)header.Length, data.IsEmpty ? (byte)0 : (byte)dataOffsetBytes, (uint)lengthBytes).Write(bytes);
        if (hasHeaderDigest)
        {
            Crc32C.Seal(bytes, header.Length);
        }

        if (hasDataDigest)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(lengthBytes - NvmeTcpCommonHeader.DigestBytes), Crc32C.Compute(data));
        }

        return bytes;
    }

    /// <summary>0: no PDU that goes to a host.</summary>
    private static int HeaderBytesOf(NvmeTcpPduType type) => type switch
    {
        NvmeTcpPduType.InitializeResponse => NvmeTcpInitializeResponse.SizeBytes,
        NvmeTcpPduType.Response => NvmeTcpCapsule.ResponseHeaderBytes,
        NvmeTcpPduType.ControllerData => NvmeTcpDataHeader.SizeBytes,
        NvmeTcpPduType.ReadyToTransfer => NvmeTcpReadyToTransfer.SizeBytes,
        NvmeTcpPduType.ControllerTerminate => NvmeTcpTerminate.HeaderBytes,
        _ => 0,
    };

    private static bool Has(in NvmeTcpCommonHeader header, NvmeTcpPduFlags flag) => (header.Flags & flag) != NvmeTcpPduFlags.None;

    private static uint ReadDigest(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}

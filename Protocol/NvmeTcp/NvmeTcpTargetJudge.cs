using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>What a controller may be sent on one connection, and what its answer is to anything else: exact FES and FEI (NVMe/TCP
/// Transport 1.0, 3.3 and 3.6). Keeps no bytes and allocates nothing.</summary>
/// <remarks>
/// For each PDU, in this order:
/// <list type="number">
/// <item><description><see cref="JudgeStart"/>, with its first 8 bytes: may it come now, and how long is its header?</description></item>
/// <item><description><see cref="JudgeHeader"/>, with the header and its digest: do its fields fit each other?</description></item>
/// <item><description><see cref="JudgeInitialize"/> or <see cref="JudgeData"/>, for those two types.</description></item>
/// </list>
/// Flags and fields that the specification reserves are not looked at.
/// </remarks>
/// <param name="offered">The digests that the controller speaks.</param>
/// <param name="maxHostDataBytes">MAXH2CDATA, as ICResp says it.</param>
public sealed class NvmeTcpTargetJudge(NvmeTcpDigests offered, uint maxHostDataBytes)
{
    private bool _isInitialized;

    /// <summary>What both sides agreed on; None before ICReq.</summary>
    public NvmeTcpDigests Digests { get; private set; }

    /// <summary>The most in-capsule data; another for I/O queues (IOCCSZ).</summary>
    public uint MaxCapsuleDataBytes { get; set; } = NvmeTcpCapsule.AdminDataBytes;

    /// <summary>Bytes of each header's digest from here on: 0 or 4.</summary>
    public int HeaderDigestBytes => (Digests & NvmeTcpDigests.Header) != NvmeTcpDigests.None ? NvmeTcpCommonHeader.DigestBytes : 0;

    /// <summary>Bytes of the digest behind data.</summary>
    public int DataDigestBytes => (Digests & NvmeTcpDigests.Data) != NvmeTcpDigests.None ? NvmeTcpCommonHeader.DigestBytes : 0;

    /// <summary>Whether a PDU of this type may come now, and its header is as long as it must be.</summary>
    public NvmeTcpFault JudgeStart(in NvmeTcpCommonHeader start)
    {
        int headerBytes = HeaderBytesOf(start.Type);
        if (headerBytes == 0)
        {
            return NvmeTcpFault.Field(0);
        }

        if (start.Type != NvmeTcpPduType.HostTerminate && _isInitialized == (start.Type == NvmeTcpPduType.InitializeRequest))
        {
            return NvmeTcpFault.Sequence;
        }

        return start.HeaderBytes == headerBytes ? NvmeTcpFault.None : NvmeTcpFault.Field(NvmeTcpCommonHeader.HeaderBytesOffset);
    }

    /// <summary>Bytes to wait for before <see cref="JudgeHeader"/>: the header and its digest.</summary>
    public int CountHeaderBytes(NvmeTcpPduType type) => HeaderBytesOf(type) + (HasDigest(type) ? HeaderDigestBytes : 0);

    /// <summary>A header that has arrived whole, with its digest.</summary>
    /// <param name="header">As many bytes as <see cref="CountHeaderBytes"/> says.</param>
    public NvmeTcpFault JudgeHeader(ReadOnlySpan<byte> header)
    {
        NvmeTcpCommonHeader common = NvmeTcpCommonHeader.Read(header);
        bool hasDigest = HasDigest(common.Type) && HeaderDigestBytes > 0;
        if (hasDigest)
        {
            uint received = BinaryPrimitives.ReadUInt32LittleEndian(header[common.HeaderBytes..]);
            if (received != Crc32C.Compute(header[..common.HeaderBytes]))
            {
                return new NvmeTcpFault(NvmeTcpFatalStatus.HeaderDigestError, received);
            }
        }

        return common.Type switch
        {
            NvmeTcpPduType.InitializeRequest => JudgeLength(common, NvmeTcpInitializeRequest.SizeBytes, NvmeTcpInitializeRequest.SizeBytes),
            NvmeTcpPduType.HostTerminate => JudgeLength(common, NvmeTcpTerminate.HeaderBytes, NvmeTcpTerminate.MaxSizeBytes),
            _ => JudgeFlags(common, hasDigest) is { IsNone: false } fault ? fault : JudgePlaces(common),
        };
    }

    /// <summary>An ICReq: afterwards the digests are what it asked for.</summary>
    public NvmeTcpFault JudgeInitialize(in NvmeTcpInitializeRequest request)
    {
        if (request.Version != 0)
        {
            return new NvmeTcpFault(NvmeTcpFatalStatus.UnsupportedParameter, NvmeTcpInitializeRequest.VersionOffset);
        }

        if (request.DataAlignment > NvmeTcpInitializeRequest.MaxDataAlignment)
        {
            return NvmeTcpFault.Field(NvmeTcpInitializeRequest.DataAlignmentOffset);
        }

        // What is asked for and not offered is answered without it: the host decides whether to go on.
        Digests = request.Digests & offered;
        _isInitialized = true;
        return NvmeTcpFault.None;
    }

    /// <summary>The header of H2CData, against the transfer that its TTAG belongs to; null: to none.</summary>
    public NvmeTcpFault JudgeData(in NvmeTcpDataHeader data, NvmeTcpTransfer? transfer)
    {
        if (transfer is not { } expected)
        {
            return NvmeTcpFault.Field(NvmeTcpDataHeader.TransferTagOffset);
        }

        if (data.CommandId != expected.CommandId)
        {
            return NvmeTcpFault.Field(NvmeTcpDataHeader.CommandIdOffset);
        }

        if (data.LengthBytes == 0 || data.LengthBytes > maxHostDataBytes || data.LengthBytes != CountDataBytes(data.Common))
        {
            return NvmeTcpFault.Field(NvmeTcpDataHeader.LengthOffset);
        }

        ulong endBytes = (ulong)data.OffsetBytes + data.LengthBytes;
        if (data.OffsetBytes < expected.OffsetBytes || endBytes > (ulong)expected.OffsetBytes + expected.LengthBytes)
        {
            return new NvmeTcpFault(NvmeTcpFatalStatus.DataOutOfRange);
        }

        if (data.OffsetBytes != expected.OffsetBytes + expected.DoneBytes)
        {
            return NvmeTcpFault.Sequence;
        }

        bool isLast = endBytes == (ulong)expected.OffsetBytes + expected.LengthBytes;
        return isLast == ((data.Common.Flags & NvmeTcpPduFlags.Last) != NvmeTcpPduFlags.None)
            ? NvmeTcpFault.None
            : NvmeTcpFault.Field(NvmeTcpCommonHeader.FlagsOffset);
    }

    /// <summary>Bytes of data in a PDU whose header was judged, without padding and digest.</summary>
    public static uint CountDataBytes(in NvmeTcpCommonHeader header) =>
        header.DataOffsetBytes == 0 ? 0 : header.LengthBytes - header.DataOffsetBytes - DigestBytesOf(header.Flags & NvmeTcpPduFlags.DataDigest);

    private static uint DigestBytesOf(NvmeTcpPduFlags flag) => flag == NvmeTcpPduFlags.None ? 0u : NvmeTcpCommonHeader.DigestBytes;

    private static bool HasDigest(NvmeTcpPduType type) => type is NvmeTcpPduType.Command or NvmeTcpPduType.HostData;

    /// <summary>0: no PDU that goes to a controller.</summary>
    private static int HeaderBytesOf(NvmeTcpPduType type) => type switch
    {
        NvmeTcpPduType.InitializeRequest => NvmeTcpInitializeRequest.SizeBytes,
        NvmeTcpPduType.HostTerminate => NvmeTcpTerminate.HeaderBytes,
        NvmeTcpPduType.Command => NvmeTcpCapsule.CommandHeaderBytes,
        NvmeTcpPduType.HostData => NvmeTcpDataHeader.SizeBytes,
        _ => 0,
    };

    private static NvmeTcpFault JudgeLength(in NvmeTcpCommonHeader header, uint least, uint most) =>
        header.LengthBytes >= least && header.LengthBytes <= most ? NvmeTcpFault.None : NvmeTcpFault.Field(NvmeTcpCommonHeader.LengthOffset);

    /// <summary>A digest flag says that the digest is there: it must be where it was agreed on, and only there.</summary>
    private NvmeTcpFault JudgeFlags(in NvmeTcpCommonHeader header, bool hasDigest)
    {
        bool hasDataDigest = DataDigestBytes > 0 && header.DataOffsetBytes != 0;
        return ((header.Flags & NvmeTcpPduFlags.HeaderDigest) != NvmeTcpPduFlags.None) == hasDigest
            && ((header.Flags & NvmeTcpPduFlags.DataDigest) != NvmeTcpPduFlags.None) == hasDataDigest
                ? NvmeTcpFault.None
                : NvmeTcpFault.Field(NvmeTcpCommonHeader.FlagsOffset);
    }

    /// <summary>Where the data is, and the length of the whole. CPDA is 0: data begins at a multiple of 4.</summary>
    private NvmeTcpFault JudgePlaces(in NvmeTcpCommonHeader header)
    {
        uint headBytes = (uint)header.HeaderBytes + DigestBytesOf(header.Flags & NvmeTcpPduFlags.HeaderDigest);
        if (header.DataOffsetBytes == 0)
        {
            // H2CData without data is no H2CData.
            return header.Type == NvmeTcpPduType.HostData ? NvmeTcpFault.Field(NvmeTcpCommonHeader.DataOffsetOffset)
                : JudgeLength(header, headBytes, headBytes);
        }

        if (header.DataOffsetBytes < headBytes || header.DataOffsetBytes % 4 != 0)
        {
            return NvmeTcpFault.Field(NvmeTcpCommonHeader.DataOffsetOffset);
        }

        uint aroundBytes = header.DataOffsetBytes + DigestBytesOf(header.Flags & NvmeTcpPduFlags.DataDigest);
        uint mostDataBytes = header.Type == NvmeTcpPduType.HostData ? maxHostDataBytes : MaxCapsuleDataBytes;
        return JudgeLength(header, aroundBytes + 1, aroundBytes + mostDataBytes);
    }
}

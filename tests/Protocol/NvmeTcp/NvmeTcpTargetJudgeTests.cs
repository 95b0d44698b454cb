using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Protocol.Tests.NvmeTcp;

/// <summary>What a controller answers to PDUs that may not be: FES and FEI.</summary>
public sealed class NvmeTcpTargetJudgeTests
{
    private const uint MaxHostDataBytes = 128 << 10;
    private const NvmeTcpPduFlags HeaderDigest = NvmeTcpPduFlags.HeaderDigest;
    private const NvmeTcpPduFlags DataDigest = NvmeTcpPduFlags.DataDigest;
    private const NvmeTcpDigests Both = NvmeTcpDigests.Header | NvmeTcpDigests.Data;

    [Theory]
    [InlineData(0x01, 128, false, NvmeTcpFatalStatus.InvalidHeaderField, 0u)] // what only a controller sends
    [InlineData(0x03, 24, true, NvmeTcpFatalStatus.InvalidHeaderField, 0u)]
    [InlineData(0x05, 24, true, NvmeTcpFatalStatus.InvalidHeaderField, 0u)]
    [InlineData(0x07, 24, true, NvmeTcpFatalStatus.InvalidHeaderField, 0u)]
    [InlineData(0x08, 24, true, NvmeTcpFatalStatus.InvalidHeaderField, 0u)] // what nobody sends
    [InlineData(0x09, 24, true, NvmeTcpFatalStatus.InvalidHeaderField, 0u)]
    [InlineData(0xFF, 24, false, NvmeTcpFatalStatus.InvalidHeaderField, 0u)]
    [InlineData(0x00, 128, true, NvmeTcpFatalStatus.SequenceError, 0u)] // a second ICReq
    [InlineData(0x04, 72, false, NvmeTcpFatalStatus.SequenceError, 0u)] // anything before the first
    [InlineData(0x06, 24, false, NvmeTcpFatalStatus.SequenceError, 0u)]
    [InlineData(0x00, 127, false, NvmeTcpFatalStatus.InvalidHeaderField, 2u)]
    [InlineData(0x02, 25, true, NvmeTcpFatalStatus.InvalidHeaderField, 2u)]
    [InlineData(0x04, 64, true, NvmeTcpFatalStatus.InvalidHeaderField, 2u)]
    [InlineData(0x06, 72, true, NvmeTcpFatalStatus.InvalidHeaderField, 2u)]
    [InlineData(0x00, 128, false, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(0x02, 24, false, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(0x02, 24, true, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(0x04, 72, true, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(0x06, 24, true, NvmeTcpFatalStatus.None, 0u)]
    public void The_first_eight_bytes(byte type, byte headerBytes, bool isInitialized, NvmeTcpFatalStatus status, uint information)
    {
        NvmeTcpTargetJudge judge = isInitialized ? After(NvmeTcpDigests.None) : new NvmeTcpTargetJudge(Both, MaxHostDataBytes);
        NvmeTcpFault fault = judge.JudgeStart(new NvmeTcpCommonHeader((NvmeTcpPduType)type, NvmeTcpPduFlags.None, headerBytes, 0, headerBytes));
        Assert.Equal(new NvmeTcpFault(status, information), fault);
    }

    public static TheoryData<NvmeTcpDigests, NvmeTcpPduType, NvmeTcpPduFlags, byte, uint, uint?> Headers()
    {
        const NvmeTcpDigests None = NvmeTcpDigests.None;
        const NvmeTcpPduFlags Plain = NvmeTcpPduFlags.None;
        const NvmeTcpPduType Command = NvmeTcpPduType.Command;
        const NvmeTcpPduType Data = NvmeTcpPduType.HostData;
        return new()
        {
            // agreed on, type, flags, PDO, PLEN; FEI of an invalid field, null = fine
            { None, NvmeTcpPduType.InitializeRequest, Plain, 0, 127, 4 },
            { None, NvmeTcpPduType.InitializeRequest, Plain, 0, 129, 4 },
            { None, NvmeTcpPduType.HostTerminate, Plain, 0, 23, 4 },
            { None, NvmeTcpPduType.HostTerminate, Plain, 0, 153, 4 },
            { None, NvmeTcpPduType.HostTerminate, Plain, 0, 152, null },
            { Both, NvmeTcpPduType.HostTerminate, Plain, 0, 24, null }, // never with a digest
            { None, Command, Plain, 0, 72, null },
            { None, Command, Plain, 0, 71, 4 },
            { None, Command, Plain, 0, 73, 4 },
            { None, Command, Plain, 72, 72 + 512, null },
            { None, Command, Plain, 76, 76 + 1, null }, // padding
            { None, Command, Plain, 72, 72, 4 },
            { None, Command, Plain, 72, 72 + 8192, null },
            { None, Command, Plain, 72, 72 + 8193, 4 },
            { None, Command, Plain, 72, uint.MaxValue, 4 },
            { None, Command, Plain, 68, 72 + 512, 3 },
            { None, Command, Plain, 74, 74 + 512, 3 },
            { None, Command, HeaderDigest, 0, 76, 1 },
            { None, Command, DataDigest, 72, 72 + 516, 1 },
            { NvmeTcpDigests.Header, Command, HeaderDigest, 0, 76, null },
            { NvmeTcpDigests.Header, Command, HeaderDigest, 76, 76 + 512, null },
            { NvmeTcpDigests.Header, Command, HeaderDigest, 72, 72 + 512, 3 },
            { NvmeTcpDigests.Header, Command, HeaderDigest, 0, 72, 4 },
            { NvmeTcpDigests.Header, Command, Plain, 0, 76, 1 },
            { NvmeTcpDigests.Data, Command, Plain, 0, 72, null }, // nothing to digest
            { NvmeTcpDigests.Data, Command, DataDigest, 0, 76, 1 },
            { NvmeTcpDigests.Data, Command, DataDigest, 72, 72 + 516, null },
            { NvmeTcpDigests.Data, Command, DataDigest, 72, 72 + 4, 4 },
            { NvmeTcpDigests.Data, Command, Plain, 72, 72 + 512, 1 },
            { NvmeTcpDigests.Data, Command, DataDigest, 72, 72 + 8192 + 4, null },
            { NvmeTcpDigests.Data, Command, DataDigest, 72, 72 + 8193 + 4, 4 },
            { Both, Command, HeaderDigest | DataDigest, 76, 76 + 516, null },
            { None, Data, NvmeTcpPduFlags.Last, 24, 24 + 512, null },
            { None, Data, NvmeTcpPduFlags.Last, 0, 24, 3 },
            { None, Data, NvmeTcpPduFlags.Last, 20, 24 + 512, 3 },
            { None, Data, NvmeTcpPduFlags.Last, 24, 24, 4 },
            { None, Data, NvmeTcpPduFlags.Last, 24, 24 + MaxHostDataBytes, null },
            { None, Data, NvmeTcpPduFlags.Last, 24, 25 + MaxHostDataBytes, 4 },
            { Both, Data, HeaderDigest | DataDigest | NvmeTcpPduFlags.Last, 28, 28 + 516, null },
            { Both, Data, HeaderDigest | NvmeTcpPduFlags.Last, 28, 28 + 512, 1 },
        };
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public void Flags_offset_and_length(
        NvmeTcpDigests digests, NvmeTcpPduType type, NvmeTcpPduFlags flags, byte dataOffsetBytes, uint lengthBytes, uint? information)
    {
        NvmeTcpTargetJudge judge = After(digests);
        byte[] header = Header(judge, type, flags, dataOffsetBytes, lengthBytes);
        Assert.Equal(information is { } at ? NvmeTcpFault.Field(at) : NvmeTcpFault.None, judge.JudgeHeader(header));
    }

    [Fact]
    public void An_io_queue_has_an_in_capsule_limit_of_its_own()
    {
        NvmeTcpTargetJudge judge = After(NvmeTcpDigests.None);
        judge.MaxCapsuleDataBytes = 16384;
        Assert.Equal(NvmeTcpFault.None, judge.JudgeHeader(Header(judge, NvmeTcpPduType.Command, NvmeTcpPduFlags.None, 72, 72 + 16384)));
        Assert.Equal(NvmeTcpFault.Field(4), judge.JudgeHeader(Header(judge, NvmeTcpPduType.Command, NvmeTcpPduFlags.None, 72, 73 + 16384)));
    }

    [Fact]
    public void A_wrong_header_digest_is_told_as_it_was_received()
    {
        NvmeTcpTargetJudge judge = After(NvmeTcpDigests.Header);
        byte[] header = Header(judge, NvmeTcpPduType.Command, HeaderDigest, 0, 76);
        header[70] ^= 1;
        uint received = BitConverter.ToUInt32(header, 72);
        Assert.Equal(new NvmeTcpFault(NvmeTcpFatalStatus.HeaderDigestError, received), judge.JudgeHeader(header));
    }

    [Theory]
    [InlineData(1, 0, NvmeTcpFatalStatus.UnsupportedParameter, 8u)]
    [InlineData(0, 32, NvmeTcpFatalStatus.InvalidHeaderField, 10u)]
    [InlineData(0, 31, NvmeTcpFatalStatus.None, 0u)]
    public void Initialize_request(ushort version, byte alignment, NvmeTcpFatalStatus status, uint information)
    {
        NvmeTcpTargetJudge judge = new(Both, MaxHostDataBytes);
        Assert.Equal(
            new NvmeTcpFault(status, information), judge.JudgeInitialize(new NvmeTcpInitializeRequest(version, alignment, Both, 0)));
        Assert.Equal(status == NvmeTcpFatalStatus.None ? Both : NvmeTcpDigests.None, judge.Digests);
    }

    [Fact]
    public void Digests_that_are_not_spoken_are_not_agreed_on()
    {
        NvmeTcpTargetJudge judge = new(NvmeTcpDigests.Header, MaxHostDataBytes);
        judge.JudgeInitialize(new NvmeTcpInitializeRequest(0, 0, (NvmeTcpDigests)0xFF, 0));
        Assert.Equal(NvmeTcpDigests.Header, judge.Digests);
    }

    [Theory]
    [InlineData(5, 4096u, 4096u, false, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(5, 4096u, 8192u, true, NvmeTcpFatalStatus.None, 0u)]
    [InlineData(6, 4096u, 4096u, false, NvmeTcpFatalStatus.InvalidHeaderField, 8u)] // another command's
    [InlineData(5, 4096u, 0u, false, NvmeTcpFatalStatus.InvalidHeaderField, 16u)]
    [InlineData(5, 4096u, MaxHostDataBytes + 4, false, NvmeTcpFatalStatus.InvalidHeaderField, 16u)]
    [InlineData(5, 8192u, 4096u, true, NvmeTcpFatalStatus.SequenceError, 0u)] // a hole
    [InlineData(5, 1024u, 1024u, false, NvmeTcpFatalStatus.SequenceError, 0u)] // what has come before
    [InlineData(5, 0u, 512u, false, NvmeTcpFatalStatus.DataOutOfRange, 0u)] // before what was asked for
    [InlineData(5, 4096u, 8196u, true, NvmeTcpFatalStatus.DataOutOfRange, 0u)] // beyond it
    [InlineData(5, uint.MaxValue, 4096u, true, NvmeTcpFatalStatus.DataOutOfRange, 0u)]
    [InlineData(5, 4096u, 8192u, false, NvmeTcpFatalStatus.InvalidHeaderField, 1u)] // the last that does not say so
    [InlineData(5, 4096u, 4096u, true, NvmeTcpFatalStatus.InvalidHeaderField, 1u)] // says so and is not
    public void Data_against_what_was_asked_for(
        ushort commandId, uint offsetBytes, uint lengthBytes, bool isLast, NvmeTcpFatalStatus status, uint information)
    {
        NvmeTcpTargetJudge judge = After(NvmeTcpDigests.None);
        NvmeTcpTransfer transfer = new(5, 77, OffsetBytes: 1024, LengthBytes: 11264, DoneBytes: 3072);
        NvmeTcpPduFlags flags = isLast ? NvmeTcpPduFlags.Last : NvmeTcpPduFlags.None;
        NvmeTcpCommonHeader common = new(NvmeTcpPduType.HostData, flags, 24, 24, 24 + lengthBytes);
        NvmeTcpFault fault = judge.JudgeData(new NvmeTcpDataHeader(common, commandId, 77, offsetBytes, lengthBytes), transfer);
        Assert.Equal(new NvmeTcpFault(status, information), fault);
    }

    [Fact]
    public void Data_that_nobody_asked_for()
    {
        NvmeTcpCommonHeader common = new(NvmeTcpPduType.HostData, NvmeTcpPduFlags.Last, 24, 24, 24 + 512);
        Assert.Equal(NvmeTcpFault.Field(10), After(NvmeTcpDigests.None).JudgeData(new NvmeTcpDataHeader(common, 5, 77, 0, 512), null));
    }

    [Fact]
    public void A_data_length_that_the_pdu_does_not_have()
    {
        NvmeTcpCommonHeader common = new(NvmeTcpPduType.HostData, NvmeTcpPduFlags.Last, 24, 24, 24 + 512);
        NvmeTcpDataHeader data = new(common, 5, 77, 0, 1024);
        Assert.Equal(NvmeTcpFault.Field(16), After(NvmeTcpDigests.None).JudgeData(data, new NvmeTcpTransfer(5, 77, 0, 1024, 0)));
    }

    private static NvmeTcpTargetJudge After(NvmeTcpDigests digests)
    {
        NvmeTcpTargetJudge judge = new(Both, MaxHostDataBytes);
        Assert.True(judge.JudgeInitialize(new NvmeTcpInitializeRequest(0, 0, digests, 0)).IsNone);
        return judge;
    }

    private static byte[] Header(
        NvmeTcpTargetJudge judge, NvmeTcpPduType type, NvmeTcpPduFlags flags, byte dataOffsetBytes, uint lengthBytes)
    {
        byte[] header = new byte[judge.CountHeaderBytes(type)];
        int headerBytes = type switch
        {
            NvmeTcpPduType.InitializeRequest => 128,
            NvmeTcpPduType.Command => 72,
            _ => 24,
        };
        new NvmeTcpCommonHeader(type, flags, (byte)headerBytes, dataOffsetBytes, lengthBytes).Write(header);
        if (header.Length > headerBytes)
        {
            Crc32C.Seal(header, headerBytes);
        }

        return header;
    }
}

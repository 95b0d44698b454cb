using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Protocol.Tests.NvmeTcp;

/// <summary>Every structure against its bytes, both ways.</summary>
public sealed class NvmeTcpWireTests
{
    [Fact]
    public void Common_header()
    {
        byte[] bytes = new byte[NvmeTcpCommonHeader.SizeBytes];
        NvmeTcpCommonHeader header = new(NvmeTcpPduType.Command, NvmeTcpPduFlags.HeaderDigest | NvmeTcpPduFlags.DataDigest, 72, 76, 0x01020304);
        header.Write(bytes);
        Assert.Equal("04" + "03" + "48" + "4C" + "04030201", Convert.ToHexString(bytes));
        Assert.Equal(header, NvmeTcpCommonHeader.Read(bytes));
    }

    [Fact]
    public void Initialize_request()
    {
        byte[] bytes = Dirty(NvmeTcpInitializeRequest.SizeBytes);
        NvmeTcpInitializeRequest request = new(0x0102, 31, NvmeTcpDigests.Header | NvmeTcpDigests.Data, 0x0A0B0C0D);
        request.Write(bytes);
        Assert.Equal("0000800080000000" + "0201" + "1F" + "03" + "0D0C0B0A" + new string('0', 2 * 112), Convert.ToHexString(bytes));
        Assert.Equal(request, NvmeTcpInitializeRequest.Read(bytes));
    }

    [Fact]
    public void Initialize_response()
    {
        byte[] bytes = Dirty(NvmeTcpInitializeResponse.SizeBytes);
        NvmeTcpInitializeResponse response = new(0, 0, NvmeTcpDigests.Data, 0x00100000);
        response.Write(bytes);
        Assert.Equal("0100800080000000" + "0000" + "00" + "02" + "00001000" + new string('0', 2 * 112), Convert.ToHexString(bytes));
        Assert.Equal(response, NvmeTcpInitializeResponse.Read(bytes));
    }

    [Theory]
    [InlineData(true, "02")]
    [InlineData(false, "03")]
    public void Terminate_request_with_the_header_at_fault(bool isFromHost, string type)
    {
        byte[] bytes = Dirty(NvmeTcpTerminate.MaxSizeBytes);
        NvmeTcpTerminate terminate = new(isFromHost, new NvmeTcpFault(NvmeTcpFatalStatus.HeaderDigestError, 0x11223344));
        Assert.Equal(26, terminate.Write(bytes, [0xAB, 0xCD]));
        string expected = type + "0018001A000000" + "0300" + "44332211" + new string('0', 2 * 10) + "ABCD";
        Assert.Equal(expected, Convert.ToHexString(bytes.AsSpan(0, 26)));
        Assert.Equal(terminate, NvmeTcpTerminate.Read(bytes));
    }

    [Fact]
    public void Terminate_request_tells_no_more_than_128_bytes_of_a_header()
    {
        byte[] bytes = new byte[NvmeTcpTerminate.MaxSizeBytes];
        Assert.Equal(152, new NvmeTcpTerminate(false, NvmeTcpFault.Sequence).Write(bytes, new byte[500]));
    }

    [Fact]
    public void Data_header()
    {
        byte[] bytes = Dirty(NvmeTcpDataHeader.SizeBytes);
        NvmeTcpCommonHeader common = new(NvmeTcpPduType.ControllerData, NvmeTcpPduFlags.Last | NvmeTcpPduFlags.Success, 24, 24, 0x1018);
        NvmeTcpDataHeader header = new(common, 0x0102, 0x0304, 0x05060708, 0x00001000);
        header.Write(bytes);
        Assert.Equal("070C181818100000" + "0201" + "0403" + "08070605" + "00100000" + "00000000", Convert.ToHexString(bytes));
        Assert.Equal(header, NvmeTcpDataHeader.Read(bytes));
    }

    [Theory]
    [InlineData(NvmeTcpPduFlags.None, "0900180018000000")]
    [InlineData(NvmeTcpPduFlags.HeaderDigest, "090118001C000000")]
    public void Ready_to_transfer(NvmeTcpPduFlags flags, string start)
    {
        byte[] bytes = Dirty(NvmeTcpReadyToTransfer.SizeBytes);
        NvmeTcpReadyToTransfer ready = new(flags, 0x0102, 0x0304, 0x05060708, 0x090A0B0C);
        ready.Write(bytes);
        Assert.Equal(start + "0201" + "0403" + "08070605" + "0C0B0A09" + "00000000", Convert.ToHexString(bytes));
        Assert.Equal(ready, NvmeTcpReadyToTransfer.Read(bytes));
    }

    /// <summary>So that what a writer leaves out shows.</summary>
    private static byte[] Dirty(int sizeBytes) => [.. Enumerable.Repeat((byte)0xEE, sizeBytes)];
}

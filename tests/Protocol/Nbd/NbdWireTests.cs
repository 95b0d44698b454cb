using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Every structure against its bytes, both ways.</summary>
public sealed class NbdWireTests
{
    [Fact]
    public void W3_greeting_is_18_bytes_both_magics_and_flags()
    {
        byte[] bytes = new byte[NbdGreeting.SizeBytes];
        NbdServerNegotiation.Greeting.Write(bytes);
        Assert.Equal("4E42444D41474943" + "49484156454F5054" + "0003", Convert.ToHexString(bytes));
        Assert.True(NbdGreeting.TryRead(bytes, out NbdGreeting read));
        Assert.Equal(NbdHandshakeFlags.FixedNewstyle | NbdHandshakeFlags.NoZeroes, read.Flags);
    }

    [Fact]
    public void W4_oldstyle_greeting_is_not_taken_for_newstyle()
    {
        byte[] bytes = Convert.FromHexString("4E42444D41474943" + "0000420281861253" + "0003");
        Assert.False(NbdGreeting.TryRead(bytes, out _));
    }

    [Fact]
    public void O1_option_header_bytes()
    {
        byte[] bytes = new byte[NbdOptionHeader.SizeBytes];
        var header = new NbdOptionHeader(NbdOption.Go, 0x01020304);
        header.Write(bytes);
        Assert.Equal("49484156454F5054" + "00000007" + "01020304", Convert.ToHexString(bytes));
        Assert.True(NbdOptionHeader.TryRead(bytes, out NbdOptionHeader read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void O2_option_reply_header_bytes()
    {
        byte[] bytes = new byte[NbdOptionReplyHeader.SizeBytes];
        var header = new NbdOptionReplyHeader((NbdOption)0xAABBCCDD, NbdOptionReplyType.ErrorUnsupported, 5);
        header.Write(bytes);
        Assert.Equal("0003E889045565A9" + "AABBCCDD" + "80000001" + "00000005", Convert.ToHexString(bytes));
        Assert.True(NbdOptionReplyHeader.TryRead(bytes, out NbdOptionReplyHeader read));
        Assert.Equal(header, read);
        Assert.True(read.IsError);
    }

    [Fact]
    public void Q1_request_header_bytes()
    {
        byte[] bytes = new byte[NbdRequestHeader.SizeBytes];
        var header = new NbdRequestHeader(
            NbdCommandFlags.Fua | NbdCommandFlags.NoHole, NbdCommand.WriteZeroes, 0x1122334455667788, 0x0102030405060708, 0x90A0B0C0);
        header.Write(bytes);
        Assert.Equal("25609513" + "0003" + "0006" + "1122334455667788" + "0102030405060708" + "90A0B0C0", Convert.ToHexString(bytes));
        Assert.True(NbdRequestHeader.TryRead(bytes, out NbdRequestHeader read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void Q1_request_header_refuses_a_length_beyond_32_bits()
    {
        var header = new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Trim, 1, 0, 1L << 32);
        Assert.Throws<OverflowException>(() => header.Write(new byte[NbdRequestHeader.SizeBytes]));
    }

    [Fact]
    public void Y1_simple_reply_bytes()
    {
        byte[] bytes = new byte[NbdSimpleReply.SizeBytes];
        var reply = new NbdSimpleReply(NbdError.Shutdown, 0x1122334455667788);
        reply.Write(bytes);
        Assert.Equal("67446698" + "0000006C" + "1122334455667788", Convert.ToHexString(bytes));
        Assert.True(NbdSimpleReply.TryRead(bytes, out NbdSimpleReply read));
        Assert.Equal(reply, read);
    }

    [Fact]
    public void R3_export_fact_bytes()
    {
        byte[] bytes = new byte[NbdExportInfo.WireSizeBytes];
        var info = new NbdExportInfo(1UL << 40, NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFastZero);
        info.Write(bytes);
        Assert.Equal("0000010000000000" + "0801", Convert.ToHexString(bytes));
        Assert.Equal(info, NbdExportInfo.Read(bytes));
    }

    [Fact]
    public void R3_block_size_fact_bytes()
    {
        byte[] bytes = new byte[NbdBlockSizes.WireSizeBytes];
        var sizes = new NbdBlockSizes(512, 4096, 64 << 20);
        sizes.Write(bytes);
        Assert.Equal("00000200" + "00001000" + "04000000", Convert.ToHexString(bytes));
        Assert.Equal(sizes, NbdBlockSizes.Read(bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void Q3_one_wrong_bit_in_a_magic_is_noticed(int bit)
    {
        byte[] request = new byte[NbdRequestHeader.SizeBytes];
        new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Read, 1, 0, 512).Write(request);
        byte[] option = new byte[NbdOptionHeader.SizeBytes];
        new NbdOptionHeader(NbdOption.List, 0).Write(option);
        byte[] reply = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply(NbdError.None, 1).Write(reply);
        byte[] optionReply = new byte[NbdOptionReplyHeader.SizeBytes];
        new NbdOptionReplyHeader(NbdOption.List, NbdOptionReplyType.Ack, 0).Write(optionReply);
        request[3] ^= (byte)(1 << bit);
        option[7] ^= (byte)(1 << bit);
        reply[0] ^= (byte)(1 << bit);
        optionReply[0] ^= (byte)(1 << bit);
        Assert.False(NbdRequestHeader.TryRead(request, out _));
        Assert.False(NbdOptionHeader.TryRead(option, out _));
        Assert.False(NbdSimpleReply.TryRead(reply, out _));
        Assert.False(NbdOptionReplyHeader.TryRead(optionReply, out _));
    }

    [Fact]
    public void P6_info_request_bytes()
    {
        byte[] bytes = NbdInfoRequest.Format("disk0", [NbdInfoType.BlockSize, NbdInfoType.Name]);
        Assert.Equal("00000005" + "6469736B30" + "0002" + "0003" + "0001", Convert.ToHexString(bytes));
        Assert.True(NbdInfoRequest.TryRead(bytes, out NbdInfoRequest read));
        Assert.Equal("disk0", read.Name);
        Assert.True(read.Wants(NbdInfoType.BlockSize));
        Assert.False(read.Wants(NbdInfoType.Description));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("0000000000", "no room for the count")]
    [InlineData("00000001" + "0000", "name longer than the data")]
    [InlineData("FFFFFFFF" + "0000", "name of 4 GiB")]
    [InlineData("80000000" + "0000", "name length with the sign bit")]
    [InlineData("00000001" + "61" + "0001", "count beyond the data")]
    [InlineData("00000001" + "61" + "FFFF" + "0001", "count far beyond the data")]
    [InlineData("00000001" + "61" + "0000" + "00", "a byte too many")]
    [InlineData("00000001" + "61" + "0001" + "00", "half a type")]
    [InlineData("00000001" + "00" + "0000", "NUL in the name")]
    [InlineData("00000002" + "C328" + "0000", "no UTF-8")]
    public void P6_info_request_whose_parts_do_not_add_up_is_refused(string hex, string why) =>
        Assert.False(NbdInfoRequest.TryRead(Convert.FromHexString(hex), out _), why);

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void W2_strings_end_at_4096_bytes(int lengthBytes, bool isTaken)
    {
        byte[] bytes = new byte[lengthBytes];
        bytes.AsSpan().Fill((byte)'x');
        Assert.Equal(isTaken, NbdText.TryRead(bytes, out _));
    }

    [Fact]
    public void W2_our_own_text_is_cut_between_two_characters()
    {
        byte[] bytes = NbdText.GetBytes(new string('x', 4095) + "é");
        Assert.Equal(4095, bytes.Length);
        Assert.True(NbdText.TryRead(bytes, out _));
    }
}

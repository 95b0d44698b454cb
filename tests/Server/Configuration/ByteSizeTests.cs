using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Tests.Configuration;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("4K", 4096)]
    [InlineData("16k", 16384)]
    [InlineData("1M", 1L << 20)]
    [InlineData("4G", 4L << 30)]
    [InlineData("1T", 1L << 40)]
    [InlineData("7E", 7L << 60)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_size_is_digits_and_at_most_one_unit(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5G")]
    [InlineData("1 G")]
    [InlineData(" 1")]
    [InlineData("1KB")]
    [InlineData("1KiB")]
    [InlineData("0x10")]
    [InlineData("8E")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999T")]
    public void Anything_else_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(1536)]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    public void What_is_written_reads_back(long bytes)
    {
        Assert.True(ByteSize.TryParse(ByteSize.Format(bytes), out long parsed));
        Assert.Equal(bytes, parsed);
    }
}

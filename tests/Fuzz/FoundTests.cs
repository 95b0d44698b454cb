using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz.Tests;

/// <summary>What fuzzing found, once each, by name. All were exceptions that no caller expects.</summary>
public sealed class FoundTests
{
    [Theory]
    [InlineData("client-list-short", "too short")]
    [InlineData("client-list-name-too-long", "longer than its reply")]
    [InlineData("client-context-short", "too short")]
    [InlineData("client-info-empty", "has no type")]
    [InlineData("client-info-short", "has no type")]
    [InlineData("client-size-negative", "2^63 bytes")]
    [InlineData("client-info-export-short", "size and flags have a wrong length")]
    [InlineData("client-info-blocksize-short", "block sizes have a wrong length")]
    [InlineData("client-list-endless", "no end of replies")]
    public void A_server_that_lies_while_haggling_breaks_the_protocol_and_not_the_client(string name, string why)
    {
        string came = CaseJudge.Describe(FuzzBench.Corpus.ByName[name]);
        Assert.StartsWith("InvalidDataException", came, StringComparison.Ordinal);
        Assert.Contains(why, came, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nvme-host-r2t-past-the-end", "an R2T for 512 bytes at 16384 of 16384")]
    [InlineData("nvme-host-data-past-the-end", "512 bytes of data at 4096 of 4096")]
    [InlineData("nvme-host-unknown-command", "command 77 is not outstanding")]
    [InlineData("nvme-host-header-too-short", "a PDU of type Response with HLEN 8")]
    [InlineData("nvme-host-no-room-for-data", "an ICResp with MAXH2CDATA 0")]
    public void A_controller_that_lies_breaks_the_protocol_and_not_the_host(string name, string why)
    {
        string came = CaseJudge.Describe(FuzzBench.Corpus.ByName[name]);
        Assert.StartsWith($"NvmeTcpProtocolException: {why}", came, StringComparison.Ordinal);
    }
}

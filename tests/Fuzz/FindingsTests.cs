using BlockEmu.Fuzz.Cases;
using BlockEmu.Fuzz.Mutating;

namespace BlockEmu.Fuzz.Tests;

public sealed class FindingsTests
{
    private static readonly byte[] s_dead = [0xde, 0xad];

    [Fact]
    public void A_minimised_case_holds_only_what_its_fault_needs()
    {
        byte[] large = [.. new Chance(1).Bytes(500), 0xde, 0xad, .. new Chance(2).Bytes(500)];
        byte[] small = Minimiser.Minimise(large, static b => b.AsSpan().IndexOf(s_dead) >= 0);
        Assert.Equal("dead", Convert.ToHexStringLower(small));
    }

    [Fact]
    public void A_finding_is_saved_with_its_origin_and_can_be_read_again()
    {
        using FuzzBench bench = new();
        bench.Findings.AddLive("the server has ended", [[1, 2, 3]], "live, seed 7");
        string text = File.ReadAllText(Assert.Single(Directory.EnumerateFiles(bench.Folder)));
        Assert.Contains("the server has ended", text, StringComparison.Ordinal);
        Assert.Contains("seed 7", text, StringComparison.Ordinal);
        Assert.Contains("--replay", text, StringComparison.Ordinal);
        Assert.Equal("010203", Convert.ToHexStringLower(CaseText.Parse(text).ToBytes()));
    }

    [Fact]
    public void A_fault_is_saved_once_and_counted_as_often_as_it_came()
    {
        using FuzzBench bench = new();
        bench.Findings.AddLive("block 1, byte 2", [[1]], "here");
        bench.Findings.AddLive("block 77, byte 5", [[2]], "there");
        Assert.Equal(2, bench.Findings.Count);
        Assert.Single(Directory.EnumerateFiles(bench.Folder));
    }
}

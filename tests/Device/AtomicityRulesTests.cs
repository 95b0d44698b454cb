using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Tests;

/// <summary>NVMe's constraints, one by one: each row breaks one, and the option that does is named. Sizes are in blocks.</summary>
public sealed class AtomicityRulesTests
{
    private const int Block = 512;

    [Theory]
    [InlineData(1, 1, 1, 0, 0, 0, 0, 0, 0, false)]
    [InlineData(65_536, 65_536, 65_536, 0, 0, 0, 0, 0, 0, false)]
    [InlineData(8, 8, 65_536, 0, 0, 0, 0, 0, 0, false)]
    [InlineData(1, 1, 1, 8, 8, 8, 0, 0, 0, false)]
    [InlineData(8, 1, 8, 0, 8, 0, 0, 0, 0, false)]
    [InlineData(8, 1, 8, 8, 1, 8, 8, 1, 0, false)]
    [InlineData(8, 4, 8, 0, 0, 0, 8, 4, 3, false)]
    [InlineData(8, 4, 8, 0, 0, 0, 0, 64, 63, false)]
    [InlineData(8, 4, 8, 0, 0, 0, 64, 0, 63, false)]
    [InlineData(8, 4, 8, 0, 0, 0, 65_536, 65_536, 65_535, false)]
    [InlineData(8, 8, 1, 0, 0, 0, 8, 8, 7, true)]
    [InlineData(1, 1, 1, 16, 16, 0, 16, 16, 0, true)]
    public void What_NVMe_allows_is_allowed(
        int awun, int awupf, int acwu, int nawun, int nawupf, int nacwu, int nabsn, int nabspf, int nabo, bool mam) =>
        Assert.Empty(Make(awun, awupf, acwu, nawun, nawupf, nacwu, nabsn, nabspf, nabo, mam).Validate(Block));

    [Theory]
    [InlineData("awupf", 1, 2, 1, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("awun", 65_537, 1, 1, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("awun", 0, 1, 1, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("awupf", 1, 0, 1, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("acwu", 1, 1, 0, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("acwu", 1, 1, 65_537, 0, 0, 0, 0, 0, 0, false)]
    [InlineData("nawun", 8, 8, 8, 7, 0, 0, 0, 0, 0, false)]
    [InlineData("nawun", 8, 8, 8, 65_537, 0, 0, 0, 0, 0, false)]
    [InlineData("nawupf", 8, 8, 8, 0, 7, 0, 0, 0, 0, false)]
    [InlineData("nawupf", 8, 8, 8, 0, 9, 0, 0, 0, 0, false)]
    [InlineData("nawupf", 8, 8, 8, 16, 17, 0, 0, 0, 0, false)]
    [InlineData("nawupf", 8, 8, 8, 0, -1, 0, 0, 0, 0, false)]
    [InlineData("nacwu", 8, 8, 8, 0, 0, 7, 0, 0, 0, false)]
    [InlineData("nabsn", 8, 8, 8, 0, 0, 0, 7, 0, 0, false)]
    [InlineData("nabsn", 8, 8, 8, 16, 0, 0, 15, 0, 0, false)]
    [InlineData("nabsn", 8, 8, 8, 0, 0, 0, 65_537, 0, 0, false)]
    [InlineData("nabspf", 8, 8, 8, 0, 0, 0, 0, 7, 0, false)]
    [InlineData("nabspf", 8, 4, 8, 0, 8, 0, 0, 7, 0, false)]
    [InlineData("nabspf", 8, 8, 8, 0, 0, 0, 0, -8, 0, false)]
    [InlineData("nabo", 8, 8, 8, 0, 0, 0, 0, 0, 1, false)]
    [InlineData("nabo", 8, 8, 8, 0, 0, 0, 8, 16, 8, false)]
    [InlineData("nabo", 8, 8, 8, 0, 0, 0, 16, 8, 8, false)]
    [InlineData("nabo", 8, 8, 8, 0, 0, 0, 16, 16, -1, false)]
    [InlineData("mam", 8, 8, 8, 0, 0, 0, 0, 0, 0, true)]
    [InlineData("mam", 8, 8, 8, 0, 0, 0, 8, 0, 0, true)]
    [InlineData("mam", 8, 8, 8, 0, 0, 0, 0, 8, 0, true)]
    [InlineData("mam", 8, 8, 8, 0, 0, 0, 8, 16, 0, true)]
    [InlineData("mam", 8, 4, 8, 0, 0, 0, 8, 8, 0, true)]
    [InlineData("mam", 4, 4, 4, 8, 0, 0, 8, 8, 0, true)]
    public void A_violation_is_named_by_its_option(
        string option, int awun, int awupf, int acwu, int nawun, int nawupf, int nacwu, int nabsn, int nabspf, int nabo, bool mam)
    {
        AtomicityParameters parameters = Make(awun, awupf, acwu, nawun, nawupf, nacwu, nabsn, nabspf, nabo, mam);
        string fault = Assert.Single(parameters.Validate(Block));
        Assert.StartsWith(option + ": ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_multiple_of_the_block_is_named_for_every_option()
    {
        AtomicityParameters odd = new()
        {
            AwunBytes = 1000,
            AwupfBytes = 1000,
            AcwuBytes = 1000,
            NawunBytes = 1000,
            NawupfBytes = 1000,
            NacwuBytes = 1000,
            NabsnBytes = 1000,
            NabspfBytes = 1000,
            NaboBytes = 100,
        };
        string[] all = ["awun", "awupf", "acwu", "nawun", "nawupf", "nacwu", "nabsn", "nabspf", "nabo"];
        Assert.Equal(all, odd.Validate(Block).Select(f => f.Split(':')[0]));
    }

    [Fact]
    public void Every_violation_is_told_at_once() =>
        Assert.Equal(
            ["awupf", "nawun", "nacwu", "nabsn", "nabspf", "nabo", "mam"],
            Make(8, 16, 8, 4, 0, 4, 2, 2, 4, mam: true).Validate(Block).Select(f => f.Split(':')[0]));

    [Fact]
    public void A_namespace_unit_is_the_one_in_force_and_0_is_the_controllers()
    {
        AtomicityParameters own = Make(8, 4, 2, 64, 32, 16, 0, 0, 0, mam: false);
        Assert.Equal((64 * Block, 32 * Block, 16 * Block), (own.EffectiveAwunBytes, own.EffectiveAwupfBytes, own.EffectiveAcwuBytes));
        AtomicityParameters none = Make(8, 4, 2, 0, 0, 0, 0, 0, 0, mam: false);
        Assert.Equal((8 * Block, 4 * Block, 2 * Block), (none.EffectiveAwunBytes, none.EffectiveAwupfBytes, none.EffectiveAcwuBytes));
    }

    [Fact]
    public void A_cache_is_measured_by_the_unit_in_force()
    {
        DiskOptions options = new() { Name = "d", SizeBytes = 1 << 20, CacheBytes = 8192, Atomicity = Make(16, 8, 8, 0, 0, 0, 0, 0, 0, mam: false) };
        Assert.Empty(options.Validate());
        options = options with { Atomicity = Make(16, 8, 8, 0, 16, 0, 0, 0, 0, mam: false) };
        Assert.StartsWith("cache: ", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    private static AtomicityParameters Make(
        int awun, int awupf, int acwu, int nawun, int nawupf, int nacwu, int nabsn, int nabspf, int nabo, bool mam)
    {
        return new AtomicityParameters
        {
            AwunBytes = (long)awun * Block,
            AwupfBytes = (long)awupf * Block,
            AcwuBytes = (long)acwu * Block,
            NawunBytes = (long)nawun * Block,
            NawupfBytes = (long)nawupf * Block,
            NacwuBytes = (long)nacwu * Block,
            NabsnBytes = (long)nabsn * Block,
            NabspfBytes = (long)nabspf * Block,
            NaboBytes = (long)nabo * Block,
            Mam = mam,
        };
    }
}

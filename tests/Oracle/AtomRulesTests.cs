using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Tests;

/// <summary>The cut into atoms: rows by hand, and the fast layout against the obvious cut over all small cases.</summary>
public sealed class AtomRulesTests
{
    private const int Block = 512;

    /// <summary>Counted in blocks; an atom is written as offset+length.</summary>
    [Theory]
    [InlineData(0, 4, 4, 0, 0, false, "0+4")]
    [InlineData(3, 4, 4, 0, 0, false, "3+4")]
    [InlineData(0, 5, 4, 0, 0, false, "0+1 1+1 2+1 3+1 4+1")]
    [InlineData(2, 2, 4, 4, 0, false, "2+2")]
    [InlineData(3, 2, 4, 4, 0, false, "3+1 4+1")]
    [InlineData(3, 2, 4, 4, 3, false, "3+2")]
    [InlineData(2, 2, 4, 4, 3, false, "2+1 3+1")]
    [InlineData(0, 6, 4, 4, 1, true, "0+1 1+4 5+1")]
    [InlineData(1, 4, 4, 4, 1, true, "1+4")]
    [InlineData(0, 6, 2, 4, 1, true, "0+1 1+1 2+1 3+1 4+1 5+1")]
    [InlineData(0, 7, 2, 4, 1, true, "0+1 1+1 2+1 3+1 4+1 5+2")]
    [InlineData(0, 3, 2, 4, 0, true, "0+1 1+1 2+1")]
    [InlineData(0, 3, 2, 0, 0, true, "0+1 1+1 2+1")]
    public void A_command_is_cut_as_the_semantics_say(int at, int count, int awupf, int nabspf, int nabo, bool mam, string atoms)
    {
        AtomicityPromise promise = new(Block, awupf * Block, nabspf * Block, nabo * Block, mam);
        IReadOnlyList<Extent> cut = AtomRules.Cut(at * Block, count * Block, promise);
        Assert.Equal(atoms, string.Join(" ", cut.Select(a => $"{a.OffsetBytes / Block}+{a.LengthBytes / Block}")));
    }

    [Fact]
    public void The_layout_is_the_obvious_cut_in_every_small_case()
    {
        for (int awupf = 1; awupf <= 5; awupf++)
        {
            for (int nabspf = 0; nabspf <= 5; nabspf++)
            {
                for (int nabo = 0; nabo < Math.Max(1, nabspf); nabo++)
                {
                    Compare(new AtomicityPromise(Block, awupf * Block, nabspf * Block, nabo * Block, false));
                    Compare(new AtomicityPromise(Block, awupf * Block, nabspf * Block, nabo * Block, true));
                }
            }
        }
    }

    private static void Compare(AtomicityPromise promise)
    {
        Assert.Null(promise.Fault());
        for (int at = 0; at < 12; at++)
        {
            for (int count = 1; count <= 14; count++)
            {
                IReadOnlyList<Extent> cut = AtomRules.Cut(at * Block, count * Block, promise);
                AtomLayout layout = AtomLayout.For(at * Block, count * Block, promise);
                Assert.Equal(cut.Count, layout.Count);
                for (int i = 0; i < cut.Count; i++)
                {
                    Assert.Equal(cut[i], layout.RangeOf(i));
                    for (long block = cut[i].OffsetBytes; block < cut[i].EndBytes; block += Block)
                    {
                        Assert.Equal(i, layout.IndexOf(block));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_layout_of_exabytes_costs_nothing()
    {
        AtomicityPromise promise = new(Block, 8 * Block, 8 * Block, 3 * Block, true);
        const long Length = long.MaxValue / 4096 * 4096;
        AtomLayout layout = AtomLayout.For(0, Length, promise);
        Assert.Equal(new Extent(0, 3 * Block), layout.RangeOf(0));
        Assert.Equal(Length, layout.RangeOf(layout.Count - 1).EndBytes);
        Assert.Equal(layout.Count - 1, layout.IndexOf(Length - 1));
    }

    [Theory]
    [InlineData(1024, 1024, 0, 0)]
    [InlineData(512, 0, 0, 0)]
    [InlineData(512, 700, 0, 0)]
    [InlineData(512, 512L * 65_537, 0, 0)]
    [InlineData(512, 512, 700, 0)]
    [InlineData(512, 512, -512, 0)]
    [InlineData(512, 512, 1024, 1024)]
    [InlineData(512, 512, 1024, 100)]
    public void A_promise_that_cannot_be_is_told(int block, long awupf, long nabspf, long nabo) =>
        Assert.NotNull(new AtomicityPromise(block, awupf, nabspf, nabo).Fault());
}

using BlockEmu.Device.Geometry;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Device.Tests;

public sealed class AtomLayoutTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void The_cut_equals_the_definition_over_all_small_cases(int block)
    {
        int cases = 0;
        foreach (int awupf in new[] { 1, 2, 3, 4, 8 })
        {
            foreach (int boundary in new[] { 0, 1, 2, 3, 4, 8 })
            {
                for (int nabo = 0; nabo < Math.Max(1, boundary); nabo++)
                {
                    cases += Compare(block, awupf, boundary, nabo, mam: false);
                    cases += Compare(block, awupf, boundary, nabo, mam: true);
                }
            }
        }

        Assert.True(cases > 20_000, $"only {cases} cases were compared");
    }

    [Fact]
    public void A_terabyte_has_a_layout_as_small_as_a_block()
    {
        AtomicityParameters parameters = new() { AwupfBytes = 4096, NabspfBytes = 4096, Mam = true };
        Device.Atoms.AtomLayout layout = Device.Atoms.AtomLayout.Cut(512, 1L << 40, parameters, 512);
        Assert.Equal((1L << 40) / 4096 + 1, layout.Count);
        Assert.Equal(new ByteRange(512, 3584), layout[0]);
        Assert.Equal(new ByteRange(4096, 4096), layout[1]);
        Assert.Equal(new ByteRange(1L << 40, 512), layout[layout.Count - 1]);
        Assert.Equal(layout.Count - 1, layout.IndexOf(1L << 40));
    }

    private static int Compare(int block, int awupf, int boundary, int nabo, bool mam)
    {
        AtomicityParameters parameters = new()
        {
            AwunBytes = 8L * block,
            AwupfBytes = (long)awupf * block,
            NabspfBytes = (long)boundary * block,
            NaboBytes = (long)nabo * block,
            Mam = mam,
        };
        AtomicityPromise promise = new(block, parameters.AwupfBytes, parameters.NabspfBytes, parameters.NaboBytes, mam);
        int cases = 0;
        for (int offset = 0; offset < 12; offset++)
        {
            for (int length = 1; length <= 20; length++)
            {
                IReadOnlyList<Extent> expected = AtomRules.Cut((long)offset * block, (long)length * block, promise);
                Device.Atoms.AtomLayout actual = Device.Atoms.AtomLayout.Cut((long)offset * block, (long)length * block, parameters, block);
                string what = $"offset {offset} length {length} {promise}";
                Assert.True(expected.Count == actual.Count, what);
                for (int k = 0; k < expected.Count; k++)
                {
                    Assert.True(expected[k].OffsetBytes == actual[k].OffsetBytes && expected[k].LengthBytes == actual[k].LengthBytes, what);
                    Assert.True(actual.IndexOf(expected[k].OffsetBytes) == k && actual.IndexOf(expected[k].EndBytes - 1) == k, what);
                }

                cases++;
            }
        }

        return cases;
    }
}

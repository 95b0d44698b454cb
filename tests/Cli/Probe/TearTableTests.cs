using BlockEmu.Cli.Probe;

namespace BlockEmu.Cli.Tests.Probe;

/// <summary>What is concluded from tears, played without a server.</summary>
public sealed class TearTableTests
{
    private const int Grain = 512;
    private const int Largest = 64 << 10;
    private const long SpanBytes = 64 << 20;

    [Fact]
    public void Without_a_tear_the_unit_is_the_largest_that_was_tried()
    {
        TearTable table = Play(static (_, _) => null);
        Assert.Equal((Largest, (0L, 0L)), (table.UnitBytes, table.Boundary));
    }

    [Fact]
    public void A_unit_of_any_alignment_has_no_boundary()
    {
        TearTable table = Play(static (offset, bytes) => bytes > 8192 ? offset + Grain : null);
        Assert.Equal((8192, (0L, 0L)), (table.UnitBytes, table.Boundary));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(32 << 10)]
    public void Pages_are_found_by_the_writes_that_cross_them(long page)
    {
        TearTable table = Play((offset, bytes) => offset / page != (offset + bytes - 1) / page ? (offset / page * page) + page : null);
        Assert.Equal((Grain, (page, page)), (table.UnitBytes, table.Boundary));
    }

    [Fact]
    public void A_boundary_beyond_the_unit_is_told_apart_from_it()
    {
        const long Boundary = 64 << 10;
        TearTable table = Play(static (offset, bytes) =>
            bytes > 16 << 10 || offset / Boundary != (offset + bytes - 1) / Boundary ? offset + Grain : null);
        Assert.Equal((Grain, (Boundary, 16L << 10)), (table.UnitBytes, table.Boundary));
    }

    [Fact]
    public void A_few_tries_prove_nothing()
    {
        TearTable table = new(Grain, Largest);
        table.Sizes[0].Add(0, null);
        Assert.Equal(0, table.UnitBytes);
    }

    [Fact]
    public void One_tear_names_no_boundary()
    {
        int tears = 0;
        TearTable table = Play((offset, bytes) => bytes == 8192 && offset / 65_536 != (offset + bytes - 1) / 65_536 && tears++ == 0 ? offset : null);
        Assert.Equal((1, 4096, (0L, 0L)), (table.Torn, table.UnitBytes, table.Boundary));
    }

    [Fact]
    public void Even_the_smallest_write_may_be_torn()
    {
        TearTable table = Play(static (offset, _) => offset);
        Assert.Equal((0, (0L, 0L)), (table.UnitBytes, table.Boundary));
    }

    [Fact]
    public void Places_lie_in_the_span_on_grains_and_those_of_a_round_apart()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            Places places = new(SpanBytes / 8, Grain, new Chance(seed));
            long end = 0;
            for (int bytes = Grain; ; bytes = bytes == Largest ? Grain : bytes * 2)
            {
                if (places.DrawAfter(bytes, end) is not { } offset)
                {
                    break;
                }

                Assert.True(offset >= end && offset + bytes <= SpanBytes / 8 && offset % Grain == 0, $"seed {seed}: {bytes} at {offset} after {end}");
                end = offset + bytes;
            }
        }
    }

    private static TearTable Play(Func<long, int, long?> tear)
    {
        TearTable table = new(Grain, Largest);
        Places places = new(SpanBytes, Grain, new Chance(1));
        foreach (TearTally size in table.Sizes)
        {
            for (int i = 0; i < 400; i++)
            {
                long offset = places.Draw(size.WriteBytes);
                size.Add(offset, tear(offset, size.WriteBytes));
            }
        }

        return table;
    }
}

using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Tests;

public sealed class PageTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    [InlineData(70_000)]
    [InlineData(1L << 40)]
    public void It_finds_what_a_sorted_set_finds(long pageCount)
    {
        const ulong Seed = 11;
        SplitMix64 chance = new(Seed);
        using PageTable table = new(pageCount);
        SortedSet<long> pending = [];
        SortedDictionary<long, nint> platter = [];
        for (int i = 0; i < 4000; i++)
        {
            // Neighbours, and far away.
            long page = (long)chance.NextBelow((ulong)(chance.NextCoin(0.5) ? Math.Min(pageCount, 300) : pageCount));
            Change(table, page, ref chance, pending, platter);
            long end = (long)chance.NextBelow((ulong)pageCount) + 1;
            Assert.True(First(pending.GetViewBetween(page, Math.Max(page, end - 1)), page, end) == table.NextPending(page, end), $"seed {Seed}, step {i}");
            Assert.True(
                First(new SortedSet<long>(platter.Keys).GetViewBetween(page, Math.Max(page, end - 1)), page, end) == table.NextPlatter(page, end),
                $"seed {Seed}, step {i}");
            long free = page;
            while (free < end && platter.ContainsKey(free))
            {
                free++;
            }

            Assert.True(free >= end || free == table.NextWithoutPlatter(page, end), $"seed {Seed}, step {i}");
            Assert.Equal(platter.Count, table.PlatterPages);
        }
    }

    private static unsafe void Change(
        PageTable table, long page, ref SplitMix64 chance, SortedSet<long> pending, SortedDictionary<long, nint> platter)
    {
        switch (chance.NextBelow(4))
        {
            case 0:
                table.AddPending(page)->Head = (int)page + 1;
                pending.Add(page);
                break;
            case 1 when pending.Remove(page):
                table.Find(page)->Head = 0;
                table.RemovePending(page);
                break;
            case 2:
                nint by = (nint)(chance.Next() | 1);
                Assert.Equal(platter.GetValueOrDefault(page), table.SwapPlatter(page, by));
                platter[page] = by;
                break;
            case 3:
                Assert.Equal(platter.GetValueOrDefault(page), table.SwapPlatter(page, 0));
                platter.Remove(page);
                break;
        }

        PageEntry* entry = table.Find(page);
        Assert.Equal(pending.Contains(page) || platter.ContainsKey(page), entry is not null);
        Assert.Equal(platter.GetValueOrDefault(page), entry is null ? 0 : entry->Platter);
        Assert.Equal(pending.Contains(page) ? (int)page + 1 : 0, entry is null ? 0 : entry->Head);
    }

    private static long First(SortedSet<long> set, long from, long end) => from < end && set.Count > 0 ? set.Min : -1;
}

using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Tests;

/// <summary>A disk stops growing while the host has memory for all else.</summary>
public sealed class PageArenaMemoryTests
{
    private const long HeadroomBytes = 1 << 20;

    [Fact]
    public void What_was_ensured_is_rented_without_asking_the_host_again()
    {
        int asked = 0;
        using PageArena arena = new(HeadroomBytes, bytes => bytes == HeadroomBytes && ++asked <= 1);
        Assert.True(arena.TryEnsure(100));
        Assert.Equal(1, asked); // a chunk that is large enough
        HashSet<nint> pages = [];
        for (int i = 0; i < 100; i++)
        {
            Assert.True(pages.Add(arena.Rent(PageArena.PageBytes)));
        }

        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_host_without_headroom_refuses_and_nothing_was_taken()
    {
        bool hasHeadroom = true;
        using PageArena arena = new(HeadroomBytes, _ => hasHeadroom);
        Assert.True(arena.TryEnsure(1));
        long reserved = arena.ReservedBytes;
        hasHeadroom = false;
        Assert.True(arena.TryEnsure(64)); // a chunk has so many
        Assert.False(arena.TryEnsure(65));
        Assert.Equal(reserved, arena.ReservedBytes);
        nint[] pages = [.. Enumerable.Range(0, 64).Select(_ => arena.Rent(PageArena.PageBytes))];
        Assert.Equal(64, pages.Distinct().Count());
        Assert.False(arena.TryEnsure(1));
        arena.Return(pages[5], PageArena.PageBytes);
        Assert.True(arena.TryEnsure(1));
        Assert.False(arena.TryEnsure(2));
        hasHeadroom = true;
        Assert.True(arena.TryEnsure(2));
    }

    [Fact]
    public void More_than_a_chunk_is_several_chunks()
    {
        using PageArena arena = new(HeadroomBytes, static _ => true);
        Assert.True(arena.TryEnsure((64 << 20) / PageArena.PageBytes));
        Assert.InRange(arena.ReservedBytes, 64 << 20, 96 << 20);
    }
}

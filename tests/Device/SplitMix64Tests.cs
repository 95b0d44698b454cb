using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Tests;

public sealed class SplitMix64Tests
{
    [Fact]
    public void The_published_vectors_of_seed_1234567_come_out()
    {
        SplitMix64 chance = new(1234567);
        ulong[] published =
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        ulong[] drawn = [chance.Next(), chance.Next(), chance.Next(), chance.Next(), chance.Next()];
        Assert.Equal(published, drawn);
    }

    [Fact]
    public void A_bounded_draw_reaches_every_value_and_no_other()
    {
        SplitMix64 chance = new(1);
        HashSet<ulong> seen = [.. Enumerable.Range(0, 200).Select(_ => chance.NextBelow(7))];
        Assert.Equal("0 1 2 3 4 5 6", string.Join(' ', seen.Order()));
    }

    [Fact]
    public void A_coin_of_one_step_is_not_moved_by_another_step()
    {
        Assert.NotEqual(SplitMix64.Hash(1, 2, 3), SplitMix64.Hash(1, 3, 2));
        Assert.NotEqual(SplitMix64.Hash(1, 2, 3), SplitMix64.Hash(2, 2, 3));
        Assert.Equal(SplitMix64.Hash(SplitMix64.Hash(1, 2), 3), SplitMix64.Hash(1, 2, 3));
    }
}

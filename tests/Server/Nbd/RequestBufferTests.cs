using BlockEmu.Device.Randomness;
using BlockEmu.Server.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

public sealed class RequestBufferTests
{
    [Fact]
    public void Whatever_is_added_and_consumed_comes_out_in_order()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var buffer = new RequestBuffer();
            var random = new SplitMix64(seed);
            long added = 0;
            long consumed = 0;
            for (int step = 0; step < 200; step++)
            {
                int needed = buffer.Arrived.Length + 1 + (int)random.NextBelow(random.NextCoin(0.1) ? 3_000_000UL : 5000);
                Span<byte> room = buffer.MakeRoom(needed, int.MaxValue);
                Assert.True(room.Length > 0, $"seed {seed}, step {step}");
                int count = 1 + (int)random.NextBelow((ulong)Math.Min(room.Length, 40_000));
                for (int i = 0; i < count; i++)
                {
                    room[i] = (byte)((added + i) % 251);
                }

                buffer.Add(count);
                added += count;
                ReadOnlySpan<byte> arrived = buffer.Arrived;
                int use = random.NextCoin(0.2) ? arrived.Length : (int)random.NextBelow((ulong)arrived.Length + 1);
                bool isInOrder = true;
                for (int i = 0; i < use; i++)
                {
                    isInOrder &= arrived[i] == (byte)((consumed + i) % 251);
                }

                Assert.True(isInOrder, $"seed {seed}, step {step}");

                buffer.Consume(use);
                consumed += use;
            }

            Assert.Equal(added - consumed, buffer.Arrived.Length);
            buffer.Release();
        }
    }

    [Fact]
    public void A_header_that_announces_64_MiB_does_not_get_them_before_they_arrive()
    {
        var buffer = new RequestBuffer();
        Assert.InRange(buffer.MakeRoom(28 + (64 << 20), int.MaxValue).Length, 1, (4 << 20) + (64 << 10));
    }

    [Fact]
    public void The_limit_bounds_what_is_taken() =>
        Assert.Equal(100, new RequestBuffer().MakeRoom(5000, 100).Length);

    [Fact]
    public void It_gives_its_memory_back_only_when_nothing_is_in_it()
    {
        var buffer = new RequestBuffer();
        buffer.MakeRoom(28, 28);
        buffer.Add(3);
        Assert.False(buffer.TryRelease());
        Assert.Equal(3, buffer.Arrived.Length);
        buffer.Consume(3);
        Assert.True(buffer.TryRelease());
    }
}

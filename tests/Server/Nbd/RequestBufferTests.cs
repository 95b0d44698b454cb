using BlockEmu.Device.Randomness;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

public sealed class RequestBufferTests
{
    [Fact]
    public void Whatever_is_added_and_consumed_comes_out_in_order()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var buffer = new RequestBuffer(CreateMemory());
            var random = new SplitMix64(seed);
            long added = 0;
            long consumed = 0;
            for (int step = 0; step < 200; step++)
            {
                int needed = buffer.Arrived.Length + 1 + (int)random.NextBelow(random.NextCoin(0.1) ? 3_000_000UL : 5000);
                Assert.True(buffer.TryMakeRoom(needed, int.MaxValue, random.NextCoin(0.5), out Span<byte> room), $"seed {seed}, step {step}");
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
                if (random.NextCoin(0.1))
                {
                    buffer.Rest();
                }
            }

            Assert.Equal(added - consumed, buffer.Arrived.Length);
            buffer.Release();
        }
    }

    [Fact]
    public void A_header_that_announces_64_MiB_takes_them_from_the_budget_at_once_and_all_else_16_KiB_that_are_free()
    {
        ConnectionMemory memory = CreateMemory();
        var buffer = new RequestBuffer(memory);
        Assert.True(buffer.TryMakeRoom(28, int.MaxValue, mayWait: false, out Span<byte> room));
        Assert.Equal((PooledBuffer.SmallBytes, 0L), (room.Length, memory.Budget.UsedBytes));
        Assert.True(buffer.TryMakeRoom(28 + (64 << 20), int.MaxValue, mayWait: false, out _));
        Assert.Equal((64 << 20) + (64 << 10), memory.Budget.UsedBytes);
        buffer.Release();
        Assert.Equal(0, memory.Budget.UsedBytes);
    }

    [Fact]
    public void It_grows_when_more_arrives_than_it_holds()
    {
        var buffer = new RequestBuffer(CreateMemory());
        buffer.TryMakeRoom(28, int.MaxValue, mayWait: false, out Span<byte> room);
        buffer.Add(room.Length);
        buffer.Consume(room.Length - 1);
        buffer.TryMakeRoom(28, int.MaxValue, mayWait: false, out room);
        Assert.InRange(room.Length, PooledBuffer.BaseBytes - PooledBuffer.SmallBytes, PooledBuffer.BaseBytes);
        buffer.Release();
    }

    [Fact]
    public void The_limit_bounds_what_is_taken()
    {
        var buffer = new RequestBuffer(CreateMemory());
        Assert.True(buffer.TryMakeRoom(5000, 100, mayWait: false, out Span<byte> room));
        Assert.Equal(100, room.Length);
        buffer.Release();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(100_000, PooledBuffer.BaseBytes)]
    public void What_rests_keeps_its_bytes_and_little_memory(int arrivedBytes, long heldBytes)
    {
        ConnectionMemory memory = CreateMemory();
        var buffer = new RequestBuffer(memory);
        Assert.True(buffer.TryMakeRoom(PooledBuffer.BaseBytes, int.MaxValue, mayWait: false, out Span<byte> room));
        room[..arrivedBytes].Fill(7);
        buffer.Add(arrivedBytes);
        buffer.Rest();
        Assert.Equal(heldBytes, memory.Budget.UsedBytes);
        Assert.Equal(arrivedBytes, buffer.Arrived.Length);
        Assert.Equal(-1, buffer.Arrived.IndexOfAnyExcept((byte)7));
        buffer.Release();
    }

    private static ConnectionMemory CreateMemory() => new(new BufferBudget(new FrontEndLimits()), () => { });
}

using BlockEmu.Device.Geometry;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Tests;

public sealed class TransferTests
{
    private static readonly DiskOptions s_options = new() { Name = "t", SizeBytes = 1 << 20, CacheBytes = 64 << 10 };

    [Fact]
    public void A_view_keeps_what_it_showed_through_overwrites_flushes_trims_a_cut_and_the_return_of_the_power()
    {
        using Disk disk = new(s_options);
        disk.Write(1, 0, Filled(8192, 1), fua: true);
        disk.Write(1, 512, Filled(512, 2), fua: false);
        ReadView view = new();
        Assert.Equal(DiskStatus.Ok, disk.Read(1, 0, 8192, view));
        byte[] seen = Gather(view);

        for (int i = 0; i < 100; i++)
        {
            disk.Write(1, i % 2 * 4096, Filled(512, 3), fua: true);
            disk.Write(1, 8192 + (i * 4096), Filled(4096, 4), fua: false);
        }

        disk.Trim(1, 0, 4096, fua: true);
        disk.Flush(1);
        Assert.Equal(seen, Gather(view));
        disk.Cut();
        disk.PowerOn();
        disk.Write(2, 0, Filled(65_536, 5), fua: true);
        Assert.Equal(seen, Gather(view));
        view.Release();
    }

    [Fact]
    public void Pages_given_up_while_a_view_is_held_serve_again_after_its_release()
    {
        using Disk disk = new(s_options);
        disk.Write(1, 0, Filled(4096, 1), fua: true);
        ReadView view = new();
        for (int round = 0; round < 200; round++)
        {
            disk.Read(1, 0, 4096, view);
            for (int i = 0; i < 50; i++)
            {
                disk.Write(1, i * 4096, Filled(4096, (byte)i), fua: true);
            }

            view.Release();
        }

        Assert.InRange(disk.GetStatistics().ArenaBytes, 1, 4 << 20);
    }

    [Fact]
    public void A_disk_ends_only_when_no_view_is_held()
    {
        Disk disk = new(s_options);
        disk.Write(1, 0, Filled(4096, 7), fua: false);
        ReadView view = new();
        disk.Read(1, 0, 4096, view);
        Thread end = new(disk.Dispose);
        end.Start();
        SpinWait.SpinUntil(() => disk.PowerState == Power.PowerState.Off);
        Assert.Equal(Filled(4096, 7), Gather(view));
        Assert.False(end.Join(TimeSpan.Zero));
        view.Release();
        end.Join();
        Assert.Equal(DiskStatus.PowerLost, disk.Read(1, 0, 4096, view));
    }

    [Fact]
    public void A_stock_outlives_its_disk_and_gives_its_pages_back()
    {
        Disk disk = new(s_options);
        WriteStock stock = disk.OpenStock();
        Assert.True(stock.TryExtend(1, 4));
        disk.Dispose();
        stock.Put(0, 0, Filled(16_384, 1));
        Assert.Equal(DiskStatus.PowerLost, disk.Write(1, 0, 16_384, stock, fua: false));
        Assert.False(stock.TryExtend(1, 1000));
        stock.Dispose();
        Assert.Equal(0, stock.LentPages);
    }

    [Fact]
    public void A_stock_returned_while_the_disk_is_off_serves_again_when_it_is_on()
    {
        using Disk disk = new(s_options);
        WriteStock stock = disk.OpenStock();
        stock.TryExtend(1, 16);
        disk.Cut();
        stock.Trim();
        disk.PowerOn();
        long before = disk.GetStatistics().ArenaBytes;
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(stock.TryExtend(2, 16));
            stock.Trim();
        }

        Assert.Equal(before, disk.GetStatistics().ArenaBytes);
    }

    [Theory]
    [InlineData(512, 512)]
    [InlineData(3584, 1024)]
    [InlineData(3584, 9728)]
    [InlineData(4096, 8192)]
    public void A_payload_in_pages_is_written_as_one_in_one_piece(int offsetBytes, int lengthBytes)
    {
        using Disk disk = new(s_options);
        using WriteStock stock = disk.OpenStock();
        byte[] payload = [.. Enumerable.Range(0, lengthBytes).Select(i => (byte)(i / 7))];
        stock.TryExtend(1, WriteStock.CountPages(offsetBytes, lengthBytes));
        stock.Put(offsetBytes, 0, payload);
        Assert.Equal(DiskStatus.Ok, disk.Write(1, offsetBytes, lengthBytes, stock, fua: false));
        Assert.Equal(0, stock.PayloadPages);
        byte[] read = new byte[lengthBytes];
        disk.Read(1, offsetBytes, read);
        Assert.Equal(payload, read);
    }

    private static byte[] Filled(int length, byte value) => [.. Enumerable.Repeat(value, length)];

    private static byte[] Gather(ReadView view)
    {
        List<byte> bytes = [];
        foreach (PageSegment segment in view.Segments)
        {
            bytes.AddRange(segment.Bytes);
        }

        return [.. bytes];
    }
}

using BlockEmu.Device.Randomness;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Reads and writes by any of the ways there are, chosen by chance; views are held across other commands, and must
/// still show what they showed.</summary>
internal sealed class RandomTransfers(Disk disk) : IDisposable
{
    private const int MaxHeld = 8;

    private readonly WriteStock _stock = disk.OpenStock();
    private readonly ReadView _view = new();
    private readonly List<byte[]> _held = [];

    public DiskStatus Write(ref SplitMix64 chance, long epoch, long offsetBytes, byte[] payload, bool fua)
    {
        if (chance.NextCoin(0.1))
        {
            return CompareAndWrite(epoch, offsetBytes, payload, fua);
        }

        if (!disk.CanStock(offsetBytes, payload.Length) || chance.NextCoin(0.5))
        {
            return disk.Write(epoch, offsetBytes, payload, fua);
        }

        int pages = WriteStock.CountPages(offsetBytes, payload.Length);
        for (int lent = 1; lent <= pages; lent++)
        {
            if (!_stock.TryExtend(epoch, lent))
            {
                _stock.Reset();
                return DiskStatus.PowerLost;
            }
        }

        int split = (int)chance.NextBelow((ulong)payload.Length + 1);
        _stock.Put(offsetBytes, 0, payload.AsSpan(0, split));
        PageSegment[] room = new PageSegment[pages];
        int done = split;
        foreach (PageSegment segment in room.AsSpan(0, _stock.GetRoom(offsetBytes, payload.Length, split, room)))
        {
            payload.AsSpan(done, segment.LengthBytes).CopyTo(segment.Bytes);
            done += segment.LengthBytes;
        }

        Assert.Equal(payload.Length, done);
        return disk.Write(epoch, offsetBytes, payload.Length, _stock, fua);
    }

    /// <summary>A compare and write that expects what is there, and now and then what is not; where others write in between, a
    /// plain write.</summary>
    private DiskStatus CompareAndWrite(long epoch, long offsetBytes, byte[] payload, bool fua)
    {
        byte[] expected = new byte[payload.Length];
        DiskStatus status = disk.Read(epoch, offsetBytes, expected);
        if (status == DiskStatus.Ok && payload[0] % 4 == 0)
        {
            expected[^1] ^= 1;
            status = disk.CompareAndWrite(epoch, offsetBytes, expected, payload, fua);
            Assert.NotEqual(DiskStatus.Ok, status);
        }
        else if (status == DiskStatus.Ok)
        {
            status = disk.CompareAndWrite(epoch, offsetBytes, expected, payload, fua);
        }

        return status == DiskStatus.Miscompare ? disk.Write(epoch, offsetBytes, payload, fua) : status;
    }

    public DiskStatus Read(ref SplitMix64 chance, long epoch, long offsetBytes, byte[] destination, string story)
    {
        if (!disk.CanView || chance.NextCoin(0.5))
        {
            return disk.Read(epoch, offsetBytes, destination);
        }

        if (_held.Count >= MaxHeld || chance.NextCoin(0.3))
        {
            Release(story);
        }

        int first = _view.Segments.Length;
        DiskStatus status = disk.Read(epoch, offsetBytes, destination.Length, _view);
        if (status == DiskStatus.Ok)
        {
            Gather(_view.Segments[first..], destination);
            _held.Add([.. destination]);
        }

        return status;
    }

    /// <summary>Looks at everything that is held once more, and lets it go.</summary>
    public void Release(string story)
    {
        byte[] all = [.. _held.SelectMany(h => h)];
        byte[] now = new byte[all.Length];
        Assert.True(Gather(_view.Segments, now) && now.AsSpan().SequenceEqual(all), $"{story}: a view has changed while it was held");
        _view.Release();
        _held.Clear();
    }

    public void Dispose()
    {
        _view.Release();
        _stock.Dispose();
    }

    private static bool Gather(ReadOnlySpan<PageSegment> segments, Span<byte> destination)
    {
        foreach (PageSegment segment in segments)
        {
            segment.Bytes.CopyTo(destination);
            destination = destination[segment.LengthBytes..];
        }

        return destination.IsEmpty;
    }
}

using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Every version of every block as a list, kept from the outside: which is on top, and is it persistent.</summary>
/// <remarks>It asks the disk only which commands are still pending (when destaging chose to take them), never how they are
/// kept.</remarks>
internal sealed class MapModel(Disk disk)
{
    private readonly List<Version> _versions = [];
    private readonly int _block = disk.Options.BlockSizeBytes;

    private sealed record Version(long Sequence, ByteRange Range, bool IsZero, PendingCommand Command)
    {
        public bool IsAcknowledged { get; set; }

        public bool IsPersistent { get; set; }
    }

    public void OneCommand(ref SplitMix64 chance)
    {
        ByteRange range = DrawRange(ref chance);
        long epoch = disk.PowerEpoch;
        bool fua = chance.NextCoin(0.2);
        bool isData = chance.NextCoin(0.5);
        if (chance.NextCoin(0.06))
        {
            Assert.Equal(DiskStatus.Ok, disk.Flush(epoch));
            Settle();
            return;
        }

        if (chance.NextCoin(0.15))
        {
            BeginInFlight(range);
            return;
        }

        byte[] payload = new byte[range.LengthBytes];
        payload.AsSpan().Fill(7);
        DiskStatus status = isData ? disk.Write(epoch, range.OffsetBytes, payload, fua)
            : chance.NextCoin(0.5) ? disk.Trim(epoch, range.OffsetBytes, range.LengthBytes, fua)
            : disk.WriteZeroes(epoch, range.OffsetBytes, range.LengthBytes, fua, mayPunchHole: true);
        Assert.Equal(DiskStatus.Ok, status);
        lock (disk.Core.Gate)
        {
            long sequence = disk.Core.Sequence;
            PendingCommand? command = disk.Core.Cache.Pending.Newest;
            bool isPending = command?.Sequence == sequence;
            _versions.Add(new Version(sequence, range, !isData, command!) { IsAcknowledged = true, IsPersistent = !isPending });
        }

        Settle();
    }

    public void Check(ref SplitMix64 chance, ulong seed)
    {
        long offset = (long)chance.NextBelow((ulong)disk.SizeBytes);
        long length = 1 + (long)chance.NextBelow((ulong)(disk.SizeBytes - offset));
        List<DiskExtent> extents = [];
        int max = chance.NextCoin(0.3) ? 1 + (int)chance.NextBelow(4) : 10_000;
        Assert.Equal(DiskStatus.Ok, disk.Map(disk.PowerEpoch, offset, length, max, extents));
        string where = $"seed {seed}, {disk.Options}, map of {length} at {offset}";
        Assert.True(extents.Count > 0 && extents.Count <= max, where);
        long at = offset;
        foreach (DiskExtent extent in extents)
        {
            Assert.True(extent.OffsetBytes == at && extent.LengthBytes > 0, where);
            for (long block = at / _block; block <= (extent.EndBytes - 1) / _block; block++)
            {
                CheckBlock(block, extent, where);
            }

            at = extent.EndBytes;
        }

        Assert.True(at == offset + length || (extents.Count == max && at < offset + length), where);
        Assert.All(extents.Zip(extents.Skip(1)), pair => Assert.False(
            pair.First.State == pair.Second.State && pair.First.ReadsAsZero == pair.Second.ReadsAsZero, where));
    }

    private void CheckBlock(long block, DiskExtent extent, string where)
    {
        Version? top = _versions.FindLast(v => v.Range.OffsetBytes <= block * _block && v.Range.EndBytes > block * _block);
        if (top is { IsPersistent: false })
        {
            DiskExtentState expected = top.IsAcknowledged ? DiskExtentState.Cached : DiskExtentState.InFlight;
            Assert.True(
                extent.State == expected && extent.ReadsAsZero == top.IsZero, $"{where}: block {block} is {extent}, not {expected}");
            return;
        }

        // The platter's own grain is a page, so a persistent zero may lie in a page that holds data; never data in a hole.
        bool isData = top is { IsZero: false };
        Assert.True(
            isData ? extent.State == DiskExtentState.Persistent : extent.State is DiskExtentState.Persistent or DiskExtentState.Hole,
            $"{where}: block {block} is {extent}, and persistent");
        bool hasDataInPage = _versions.Exists(v => !v.IsZero && v.Range.EndBytes > block * _block / 4096 * 4096
            && v.Range.OffsetBytes < ((block * _block / 4096) + 1) * 4096);
        Assert.True(hasDataInPage || extent.State == DiskExtentState.Hole, $"{where}: block {block} is {extent}, and nothing was there");
        Assert.Equal(extent.State == DiskExtentState.Hole, extent.ReadsAsZero);
    }

    private void BeginInFlight(ByteRange range)
    {
        byte[] payload = new byte[range.LengthBytes];
        payload.AsSpan().Fill(9);
        lock (disk.Core.Gate)
        {
            PendingCommand command = disk.Core.Step(WriteKind.Write, range, payload, isFua: false);
            _versions.Add(new Version(command.Sequence, range, false, command));
        }
    }

    /// <summary>Which versions have become persistent since: those whose command left the cache.</summary>
    private void Settle()
    {
        lock (disk.Core.Gate)
        {
            foreach (Version version in _versions)
            {
                // A command object that serves another sequence, or no list, has gone; one among the dead was superseded.
                version.IsPersistent |= version.Command is null || version.Command.Sequence != version.Sequence
                    || version.Command.List is null;
            }
        }
    }

    private ByteRange DrawRange(ref SplitMix64 chance)
    {
        ulong blocks = (ulong)(disk.SizeBytes / _block);
        ulong first = chance.NextBelow(blocks);
        ulong longest = chance.NextCoin(0.6) ? Math.Min(blocks - first, 6) : blocks - first;
        return new ByteRange((long)first * _block, (long)(1 + chance.NextBelow(longest)) * _block);
    }
}

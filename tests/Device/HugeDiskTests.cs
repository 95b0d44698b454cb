using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Tests;

/// <summary>The last blocks of the largest disk: what is added or rounded up there still is an offset.</summary>
public sealed class HugeDiskTests
{
    [Theory]
    [InlineData(IsolationMode.Nvme, 0, false)]
    [InlineData(IsolationMode.Nvme, 3, true)]
    [InlineData(IsolationMode.Nvme, 4096, true)]
    [InlineData(IsolationMode.Exclusive, 65_535, false)]
    [InlineData(IsolationMode.Range, 8, true)]
    [InlineData(IsolationMode.Page, 0, false)]
    [InlineData(IsolationMode.HandOverHand, 0, false)]
    public void The_last_blocks_are_written_read_mapped_trimmed_flushed_and_cut_as_any_others(IsolationMode isolation, int boundaryBlocks, bool mam)
    {
        const int block = 512;
        long size = DiskOptions.MaxSizeBytes / block * block;
        long boundary = (long)boundaryBlocks * block;
        using Disk disk = new(new DiskOptions
        {
            Name = "h",
            SizeBytes = size,
            Isolation = IsolationRule.Default with { Mode = isolation },
            Atomicity = new AtomicityParameters
            {
                AwunBytes = mam ? boundary : block,
                AwupfBytes = mam ? boundary : block,
                AcwuBytes = block,
                NabspfBytes = boundary,
                NabsnBytes = boundary,
                Mam = mam,
            },
        });
        byte[] data = new byte[64 << 10];
        data.AsSpan().Fill(3);
        byte[] read = new byte[data.Length];
        long at = size - data.Length;
        long epoch = disk.PowerEpoch;
        Assert.Equal(DiskStatus.Ok, disk.Write(epoch, at, data, fua: false));
        Assert.Equal(DiskStatus.Ok, disk.Read(epoch, at, read));
        Assert.Equal(data, read);
        Assert.Equal(DiskStatus.Ok, disk.Compare(epoch, at, data));
        List<DiskExtent> extents = [];
        Assert.Equal(DiskStatus.Ok, disk.Map(epoch, 0, size, 100, extents));
        Assert.Equal(size, extents[^1].EndBytes);
        Assert.Equal(DiskStatus.Ok, disk.Flush(epoch));
        Assert.Equal(DiskStatus.Ok, disk.Trim(epoch, 1, size - 1 - 4096, fua: false));
        Assert.Equal(DiskStatus.Ok, disk.WriteZeroes(epoch, size - 700, 700, fua: false, mayPunchHole: true));
        Assert.Equal(DiskStatus.Ok, disk.Flush(epoch));
        Assert.Equal(DiskStatus.Ok, disk.Read(epoch, size - 4096, read.AsSpan(0, 4096)));
        Assert.Equal((3, 3, 0), (read[0], read[4096 - 701], read[4096 - 700]));
        disk.Write(epoch, size - 1, data.AsSpan(0, 1), fua: false);
        disk.Cut(loss: LossModel.LoseAll);
    }
}

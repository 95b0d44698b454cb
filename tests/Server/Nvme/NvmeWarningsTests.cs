using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeWarningsTests
{
    [Theory]
    [InlineData(4096, 0, 0, 0, 0, null)]
    [InlineData(16384, 0, 0, 0, 0, null)]
    [InlineData(16384, 65536, 0, 16384, 65536, null)]
    [InlineData(16384, 0, 0, 65536, 12288, null)]
    [InlineData(524288, 0, 0, 0, 0, null)]
    [InlineData(12288, 0, 0, 0, 0, "awupf=12288: Linux counts in powers of two, and shows 8192")]
    [InlineData(4096, 12288, 0, 0, 0, "nabspf=12288: Linux shows no atomic write limits when the boundary is no power of two")]
    [InlineData(4096, 65536, 512, 0, 0, "nabo=512: Linux shows no atomic write limits for a namespace whose first boundary is not at block 0")]
    [InlineData(1048576, 0, 0, 0, 0, "awupf=1048576: Linux shows at most 524288, and moves at most 1048576 bytes in a command here")]
    [InlineData(16384, 0, 0, 0, 8192,
        "noiob=8192: Linux warns and shows no atomic write limits when the I/O boundary is smaller than the unit, awupf=16384")]
    [InlineData(1536, 0, 0, 4096, 0,
        "npwg=4096: Linux does not take a namespace whose preferred size is larger than a unit that is no power of two, awupf=1536 "
        + "('Invalid physical block size')")]
    public void What_Linux_does_is_said_where_one_would_not_expect_it(
        long unit, long boundary, long offset, long npwg, long noiob, string? warning) =>
        Assert.Equal(
            warning,
            Of(new AtomicityParameters { AwunBytes = unit, AwupfBytes = unit, NabspfBytes = boundary, NaboBytes = offset }, new(npwg, noiob)));

    [Fact]
    public void A_namespaces_own_unit_is_named_as_it_is_set() =>
        Assert.StartsWith(
            "nawupf=12288: ",
            Of(new AtomicityParameters { AwunBytes = 4096, AwupfBytes = 4096, NawunBytes = 12288, NawupfBytes = 12288 }, default),
            StringComparison.Ordinal);

    private static string? Of(AtomicityParameters atomicity, NvmePreferences preferences)
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20, Atomicity = atomicity });
        return NvmeWarnings.Of(new ServedDisk(disk) { NvmePreferences = preferences }).SingleOrDefault();
    }
}

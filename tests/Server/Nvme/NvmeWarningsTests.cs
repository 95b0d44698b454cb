using BlockEmu.Device.Geometry;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeWarningsTests
{
    [Theory]
    [InlineData(4096, 0, 0, null)]
    [InlineData(16384, 0, 0, null)]
    [InlineData(16384, 65536, 0, null)]
    [InlineData(524288, 0, 0, null)]
    [InlineData(12288, 0, 0, "awupf=12288: Linux counts in powers of two, and shows 8192")]
    [InlineData(4096, 12288, 0, "nabspf=12288: Linux shows no atomic write limits when the boundary is no power of two")]
    [InlineData(4096, 65536, 512, "nabo=512: Linux shows no atomic write limits for a namespace whose first boundary is not at block 0")]
    [InlineData(1048576, 0, 0, "awupf=1048576: Linux shows at most 524288, and moves at most 1048576 bytes in a command here")]
    public void What_Linux_does_is_said_where_one_would_not_expect_it(long unit, long boundary, long offset, string? warning)
    {
        DiskOptions options = new()
        {
            Name = "d",
            SizeBytes = 1 << 20,
            Atomicity = new AtomicityParameters { AwunBytes = unit, AwupfBytes = unit, NabspfBytes = boundary, NaboBytes = offset },
        };
        Assert.Empty(options.Validate());
        Assert.Equal(warning, NvmeWarnings.Of(options).SingleOrDefault());
    }

    [Fact]
    public void A_namespaces_own_unit_is_named_as_it_is_set()
    {
        DiskOptions options = new()
        {
            Name = "d",
            SizeBytes = 1 << 20,
            Atomicity = new AtomicityParameters { AwunBytes = 4096, AwupfBytes = 4096, NawunBytes = 12288, NawupfBytes = 12288 },
        };
        Assert.StartsWith("nawupf=12288: ", NvmeWarnings.Of(options).Single(), StringComparison.Ordinal);
    }
}

using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeIdentityTests
{
    [Fact]
    public void A_disk_has_the_same_names_after_every_start()
    {
        NvmeIdentity identity = new("disk0");
        Assert.Equal("nqn.2026-11.io.blockemu:disk0", identity.Nqn);
        Assert.Equal("75e16607-53a2-850a-84ba-a936ad8d793f", $"{identity.Uuid}");
        Assert.Equal("8974399be83134b75b6c9453b6b55734", $"{identity.Nguid:x32}");
        Assert.Equal("75E1660753A2850A84BA", identity.SerialNumber);
    }

    [Fact]
    public void Disks_with_other_names_have_other_identities()
    {
        NvmeIdentity[] all = [.. Enumerable.Range(0, 100).Select(i => new NvmeIdentity($"disk{i}"))];
        Assert.Equal(100, all.Select(i => i.Uuid).Distinct().Count());
        Assert.Equal(100, all.Select(i => i.Nguid).Distinct().Count());
        Assert.Equal(100, all.Select(i => i.SerialNumber).Distinct().Count());
        Assert.All(all, i => Assert.Equal((8, 0b10), (i.Uuid.Version, i.Uuid.Variant >> 2)));
    }

    [Theory]
    [InlineData("x y")]
    [InlineData("ä")]
    [InlineData("a:b")]
    [InlineData("uuid:")]
    public void A_name_that_is_no_part_of_an_nqn_gives_way_to_the_uuid(string name)
    {
        NvmeIdentity identity = new(name);
        Assert.Equal($"nqn.2026-11.io.blockemu:uuid:{identity.Uuid}", identity.Nqn);
    }

    [Fact]
    public void No_nqn_is_too_long()
    {
        Assert.Equal(24 + 190, new NvmeIdentity(new string('x', 190)).Nqn.Length);
        Assert.StartsWith("nqn.2026-11.io.blockemu:uuid:", new NvmeIdentity(new string('x', 191)).Nqn, StringComparison.Ordinal);
    }
}

using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Configuration;

public sealed class DiskSpecTextTests
{
    [Fact]
    public void Every_key_reaches_its_option()
    {
        DiskSpec spec = Parse(
            "name=a,size=4G,medium=file:/x y,block=4096,awun=64K,awupf=16K,acwu=8K,"
            + "nawun=96K,nawupf=32K,nacwu=24K,nabsn=128K,nabspf=64K,nabo=4K,mam=off,dn=on,cache=1M,protected=64K,"
            + "destage=oldest,isolation=shared,interleave=adversarial,loss=random:0.25,seed=18446744073709551615,sync=none,redo=off,readonly,rotational,"
            + "description=text,minblock=512,maxpayload=1M,npwg=16K,noiob=128K");

        DiskOptions o = spec.Options;
        AtomicityParameters a = o.EffectiveAtomicity;
        Assert.Equal(("a", 4L << 30, "/x y", 4096), (o.Name, o.SizeBytes, o.FilePath, o.BlockSizeBytes));
        Assert.Equal((65536, 16384, 8192), (a.AwunBytes, a.AwupfBytes, a.AcwuBytes));
        Assert.Equal((98304, 32768, 24576, true), (a.NawunBytes, a.NawupfBytes, a.NacwuBytes, a.Dn));
        Assert.Equal((131072, 65536, 4096, false), (a.NabsnBytes, a.NabspfBytes, a.NaboBytes, a.Mam));
        Assert.Equal((1 << 20, "random:0.25", ulong.MaxValue), (o.CacheBytes, o.Loss.ToString(), o.Seed));
        Assert.Equal(65_536, o.ProtectedBytes);
        Assert.Equal((false, false, true, "text"), (o.SyncToHost, o.KeepsRedo, o.IsReadOnly, o.Description));
        Assert.Equal(("shared", true), (o.Isolation.Name, o.Isolation.IsAdversarial));
        Assert.True(spec.IsRotational);
        Assert.Equal((512, 1 << 20), (spec.NbdMinimumBlockBytes, spec.NbdMaximumPayloadBytes));
        Assert.Equal(new NvmePreferences(16_384, 131_072), spec.NvmePreferences);
    }

    [Fact]
    public void What_is_not_given_takes_the_contracts_defaults()
    {
        DiskSpec spec = Parse("size=1M");
        AtomicityParameters a = spec.Options.EffectiveAtomicity;
        Assert.Equal(("disk7", 512, 64L << 20), (spec.Options.Name, spec.Options.BlockSizeBytes, spec.Options.CacheBytes));
        Assert.Equal((4096, 4096, 4096), (a.AwunBytes, a.AwupfBytes, a.AcwuBytes));
        Assert.Equal((0, 0, 0, false), (a.NawunBytes, a.NawupfBytes, a.NacwuBytes, a.Dn));
        Assert.Equal(("nvme", false), (spec.Options.Isolation.Name, spec.Options.Isolation.IsAdversarial));
        Assert.False(spec.IsRotational);
        Assert.Equal((1, 64 << 20), (spec.NbdMinimumBlockBytes, spec.NbdMaximumPayloadBytes));
    }

    [Fact]
    public void Awun_and_acwu_follow_awupf()
    {
        AtomicityParameters a = Parse("size=1M,awupf=16K").Options.EffectiveAtomicity;
        Assert.Equal((16384, 16384, 16384), (a.AwunBytes, a.AwupfBytes, a.AcwuBytes));
    }

    [Theory]
    [InlineData("oldest")]
    [InlineData("random")]
    [InlineData("idle")]
    [InlineData("never")]
    [InlineData("rate:10M")]
    [InlineData("rate:1")]
    public void A_destage_policy_reads_back_as_it_was_written(string text) =>
        Assert.Equal(text, DestageText.Of(Parse($"size=1M,destage={text}").Options.Destage));

    [Fact]
    public void A_seed_that_is_drawn_fits_53_bits() => Assert.InRange(Parse("size=1M").Options.Seed, 0UL, (1UL << 53) - 1);

    [Theory]
    [InlineData("description=\"a, b\",size=1M", "a, b")]
    [InlineData("size=1M,description=\"\"", "")]
    [InlineData("size=1M,description=\"say \"\"hi\"\"\"", "say \"hi\"")]
    [InlineData("size=1M,description=a=b", "a=b")]
    [InlineData("size=1M,description=mid\"quote", "mid\"quote")]
    public void A_quoted_value_may_hold_commas(string text, string description) =>
        Assert.Equal(description, Parse(text).Options.Description);

    [Fact]
    public void A_quoted_list_of_atoms_is_one_value() =>
        Assert.Equal("explicit:12,13.0", Parse("size=1M,loss=\"explicit:12,13.0\"").Options.Loss.ToString());

    [Theory]
    [InlineData("", "size")]
    [InlineData("size=0", "size")]
    [InlineData("size=-4G", "size")]
    [InlineData("size=513", "size")]
    [InlineData("size=4X", "size")]
    [InlineData("size", "size")]
    [InlineData("size=1M,size=2M", "size")]
    [InlineData("size=1M,name=", "name")]
    [InlineData("size=1M,name=a/b", "name")]
    [InlineData("size=1M,medium=disk", "medium")]
    [InlineData("size=1M,medium=file:", "medium")]
    [InlineData("size=1M,medium=nbd://127.0.0.1/x", "medium")]
    [InlineData("size=1M,block=1024", "block")]
    [InlineData("size=1M,awupf=1000", "awupf")]
    [InlineData("size=1M,awupf=0", "awupf")]
    [InlineData("size=1M,awun=512,awupf=4K", "awupf")]
    [InlineData("size=1M,awun=64M", "awun")]
    [InlineData("size=1M,nawun=1000", "nawun")]
    [InlineData("size=1M,awun=8K,nawun=4K", "nawun")]
    [InlineData("size=1M,nawupf=2K", "nawupf")]
    [InlineData("size=1M,nawupf=8K", "nawupf")]
    [InlineData("size=1M,nacwu=2K", "nacwu")]
    [InlineData("size=1M,nacwu=x", "nacwu")]
    [InlineData("size=1M,dn=1", "dn")]
    [InlineData("size=1M,nabsn=2K", "nabsn")]
    [InlineData("size=1M,mam=on,nabsn=4K", "mam")]
    [InlineData("size=1M,nabspf=1000", "nabspf")]
    [InlineData("size=1M,nabo=512", "nabo")]
    [InlineData("size=1M,mam=yes", "mam")]
    [InlineData("size=1M,mam=on", "mam")]
    [InlineData("size=1M,cache=4K", "cache")]
    [InlineData("size=1M,cache=on", "cache")]
    [InlineData("size=1M,cache=1M,protected=2M", "protected")]
    [InlineData("size=1M,cache=off,protected=4K", "protected")]
    [InlineData("size=1M,destage=newest", "destage")]
    [InlineData("size=1M,destage=rate", "destage")]
    [InlineData("size=1M,destage=rate:", "destage")]
    [InlineData("size=1M,destage=rate:0", "destage")]
    [InlineData("size=1M,destage=rate:-1", "destage")]
    [InlineData("size=1M,destage=rate:1.5M", "destage")]
    [InlineData("size=1M,isolation=pages", "isolation")]
    [InlineData("size=1M,interleave=on", "interleave")]
    [InlineData("size=1M,loss=half", "loss")]
    [InlineData("size=1M,loss=random:2", "loss")]
    [InlineData("size=1M,seed=-1", "seed")]
    [InlineData("size=1M,seed=18446744073709551616", "seed")]
    [InlineData("size=1M,sync=fsync", "sync")]
    [InlineData("size=1M,redo=on", "redo")]
    [InlineData("size=1M,medium=file:x,redo=yes", "redo")]
    [InlineData("size=1M,medium=file:x,sync=yes", "sync")]
    [InlineData("size=1M,readonly=yes", "readonly")]
    [InlineData("size=1M,minblock=3", "minblock")]
    [InlineData("size=1M,minblock=128K", "minblock")]
    [InlineData("size=1M,npwg=513", "npwg")]
    [InlineData("size=1M,npwg=64M", "npwg")]
    [InlineData("size=1M,noiob=1", "noiob")]
    [InlineData("size=1M,noiob=32M", "noiob")]
    [InlineData("size=1M,maxpayload=64K", "maxpayload")]
    [InlineData("size=1M,maxpayload=128M", "maxpayload")]
    [InlineData("size=1M,profile=ssd", "profile")]
    [InlineData("size=1M,domain=d", "domain")]
    [InlineData("size=1M,description=\"open", "description")]
    [InlineData("size=1M,description=\"a\"b", "description")]
    public void A_fault_names_the_key(string text, string key)
    {
        Assert.Null(DiskSpecText.Parse(text, "disk7", out IReadOnlyList<Fault> faults));
        Assert.Equal(key, Assert.Single(faults).Field);
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        Assert.Null(DiskSpecText.Parse("size=x,loss=y,foo=z", "disk7", out IReadOnlyList<Fault> faults));
        Assert.Equal(["size", "loss", "foo"], faults.Select(f => f.Field));
        Assert.Null(DiskSpecText.Parse("size=1M,awun=2K,nawupf=1K,nacwu=512,nabsn=1K,nabo=1K,mam=on", "disk7", out faults));
        Assert.Equal(["awupf", "nawupf", "nacwu", "nabsn", "nabo", "mam"], faults.Select(f => f.Field).Distinct());
    }

    private static DiskSpec Parse(string text)
    {
        DiskSpec? spec = DiskSpecText.Parse(text, "disk7", out IReadOnlyList<Fault> faults);
        Assert.True(spec is not null, string.Join("; ", faults));
        return spec;
    }
}

using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Configuration;

public sealed class ConfigFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_file_says_what_options_would()
    {
        ServerOptions options = Parse("""
            {
              "version": 1,
              "disks": [ { "name": "a", "size": "16M", "cache": false, "readonly": true, "seed": 7, "description": "one, two" }, { "size": 1048576 } ],
              "nbd": ["127.0.0.1:0", "unix:/x"],
              "nvme": ["[::1]:4420"],
              "maxConnections": 12,
              "maxBufferMemory": "32M",
              "admin": "127.0.0.1:1",
              "adminHosts": ["blockemu.internal"]
            }
            """);
        Assert.Equal(["a", "disk1"], options.Disks.Select(d => d.Options.Name));
        Assert.Equal((16L << 20, 0L, true, 7UL, "one, two"), (
            options.Disks[0].Options.SizeBytes, options.Disks[0].Options.CacheBytes, options.Disks[0].Options.IsReadOnly,
            options.Disks[0].Options.Seed, options.Disks[0].Options.Description));
        Assert.Equal(["127.0.0.1:0", "unix:/x"], options.Nbd.Select(n => n.Text));
        Assert.Equal("[::1]:4420", Assert.Single(options.Nvme).Text);
        Assert.Equal((12, 32L << 20), (options.ClientLimits.MaxConnections, options.ClientLimits.MaxBufferBytes));
        Assert.Equal("127.0.0.1:1", options.Admin!.Text);
        Assert.Equal(["blockemu.internal"], options.AdminHosts);
    }

    [Fact]
    public void Options_override_the_file()
    {
        ServerOptions options = Parse(
            """{ "version": 1, "disks": [ { "size": "1M" } ], "nbd": "none", "admin": "127.0.0.1:1" }""",
            "--admin", "none", "--disk", "name=mine,size=2M");
        Assert.Equal("mine", Assert.Single(options.Disks).Options.Name);
        Assert.Empty(options.Nbd);
        Assert.Null(options.Admin);
    }

    [Fact]
    public void Every_fault_is_told_at_once_with_its_path()
    {
        StartupException e = Assert.Throws<StartupException>(() => Parse("""
            {
              "version": 2,
              "disks": [ { "size": "1M", "loss": 3 }, { "size": "x", "foo": 1 }, 7 ],
              "nbd": 10809,
              "tls": true,
              "insecureAdmin": "yes"
            }
            """));
        string[] paths = ["$.version", "$.disks[0].loss", "$.disks[1].size", "$.disks[1].foo", "$.disks[2]", "$.nbd", "$.tls", "$.insecureAdmin"];
        Assert.Equal(paths.Length, e.Faults.Count);
        Assert.All(paths, path => Assert.Contains(e.Faults, f => f.Contains($": {path}: ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "must be an object")]
    [InlineData("{}", "$.version")]
    [InlineData("""{ "version": 1, "version": 1 }""", "not JSON")]
    [InlineData("""{ "version": 1, "disks": {} }""", "$.disks")]
    public void A_file_that_is_none_is_one_line(string text, string says)
    {
        StartupException e = Assert.Throws<StartupException>(() => Parse(text));
        Assert.Contains(says, Assert.Single(e.Faults), StringComparison.Ordinal);
    }

    private ServerOptions Parse(string json, params string[] arguments)
    {
        string path = _folder.Write("config.json", json);
        return new CommandLine().Parse([.. arguments, "--config", path], TextWriter.Null)!;
    }

    public void Dispose() => _folder.Dispose();
}

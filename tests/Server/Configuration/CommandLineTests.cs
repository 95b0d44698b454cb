using System.Net.Sockets;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Configuration;

public sealed class CommandLineTests
{
    [Fact]
    public void Nothing_asked_for_is_one_memory_disk_on_loopback()
    {
        ServerOptions options = Parse();
        DiskSpec disk = Assert.Single(options.Disks);
        Assert.Equal(("disk0", 1L << 30, null), (disk.Options.Name, disk.Options.SizeBytes, disk.Options.FilePath));
        Assert.Equal("127.0.0.1:10809", Assert.Single(options.Nbd).Text);
        Assert.Equal("127.0.0.1:10810", options.Admin!.Text);
        Assert.Null(options.AdminToken);
    }

    [Fact]
    public void Disks_without_names_are_numbered() =>
        Assert.Equal(["disk0", "b", "disk2"], Parse("--disk", "size=1M", "--disk", "name=b,size=1M", "--disk", "size=1M").Disks.Select(d => d.Options.Name));

    [Fact]
    public void None_turns_a_front_end_off()
    {
        ServerOptions options = Parse("--nbd", "none", "--admin", "none");
        Assert.Empty(options.Nbd);
        Assert.Null(options.Admin);
    }

    [Fact]
    public void On_standard_input_and_output_nothing_listens_unless_HTTP_is_asked_for()
    {
        ServerOptions options = Parse("--stdio");
        Assert.True(options.IsStdio);
        Assert.Empty(options.Nbd);
        Assert.Null(options.Admin);
        Assert.Equal("127.0.0.1:0", Parse("--stdio", "--nbd", "none", "--admin", "127.0.0.1:0").Admin!.Text);
    }

    [Fact]
    public void Sockets_that_were_handed_over_stand_in_for_the_defaults_only()
    {
        using Socket listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        ServerOptions options = new CommandLine().Parse([], TextWriter.Null, [listening])!;
        Assert.Same(listening, Assert.Single(options.HandedOver));
        Assert.Empty(options.Nbd);
        Assert.Null(options.Admin);
        options = new CommandLine().Parse(["--nbd", "unix:/x", "--admin", "127.0.0.1:0"], TextWriter.Null, [listening])!;
        Assert.Equal("unix:/x", Assert.Single(options.Nbd).Text);
        Assert.NotNull(options.Admin);
        StartupException both = Assert.Throws<StartupException>(
            () => new CommandLine().Parse(["--stdio"], TextWriter.Null, [listening]));
        Assert.Contains("LISTEN_FDS", Assert.Single(both.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_may_repeat()
    {
        Assert.Equal(["[::1]:0", "127.0.0.1:4420"], Parse("--nvme", "[::1]:0", "--nvme", "127.0.0.1:4420").Nvme.Select(e => e.Text));
        Assert.Empty(Parse().Nvme);
        Assert.Equal(["[::1]:0", "unix:/x"], Parse("--nbd", "[::1]:0", "--nbd", "unix:/x").Nbd.Select(e => e.Text));
    }

    [Fact]
    public void O11_what_clients_may_take_at_most_is_set_and_has_defaults()
    {
        Assert.Equal(1L << 30, Parse().ClientLimits.MaxBufferBytes);
        Assert.InRange(Parse().ClientLimits.MaxConnections, 1, 4096);
        ServerOptions options = Parse("--max-connections", "17", "--max-buffer-memory", "64M");
        Assert.Equal((17, 64L << 20), (options.ClientLimits.MaxConnections, options.ClientLimits.MaxBufferBytes));
    }

    [Fact]
    public void O11_more_connections_than_descriptors_are_not_promised()
    {
        List<string> faults = [];
        Assert.Equal(100, new LimitsDraft().Build(faults, 100).MaxConnections);
        Assert.Empty(faults);
        new LimitsDraft { MaxConnections = "101" }.Build(faults, 100);
        Assert.Contains("ulimit -n", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nope", "--nope")]
    [InlineData("--nvmex 127.0.0.1:4420", "--nvmex")]
    [InlineData("--stdio --nbd 127.0.0.1:1", "--stdio")]
    [InlineData("--tls required", "--tls")]
    [InlineData("extra", "extra")]
    [InlineData("@file", "@file")]
    [InlineData("--disk", "--disk")]
    [InlineData("--disk size=7", "--disk: size")]
    [InlineData("--disk size=1M --disk size=7", "--disk (number 2): size")]
    [InlineData("--disk name=a,size=1M --disk name=a,size=1M", "--disk: name")]
    [InlineData("--nbd 10809", "--nbd")]
    [InlineData("--nbd localhost:10809", "--nbd")]
    [InlineData("--nbd 127.0.0.1:99999", "--nbd")]
    [InlineData("--nbd unix:", "--nbd")]
    [InlineData("--nbd none --nbd 127.0.0.1:1", "--nbd")]
    [InlineData("--nvme 4420", "--nvme")]
    [InlineData("--nvme unix:/x", "--nvme")]
    [InlineData("--nvme none --nvme 127.0.0.1:1", "--nvme")]
    [InlineData("--stdio --nvme 127.0.0.1:1", "--stdio")]
    [InlineData("--max-connections 0", "--max-connections")]
    [InlineData("--max-connections 2147483648", "--max-connections")]
    [InlineData("--max-connections -1", "--max-connections")]
    [InlineData("--max-buffer-memory 15M", "--max-buffer-memory")]
    [InlineData("--max-buffer-memory 2T", "--max-buffer-memory")]
    [InlineData("--max-buffer-memory much", "--max-buffer-memory")]
    [InlineData("--admin 127.0.0.1", "--admin")]
    [InlineData("--admin x --admin y", "--admin")]
    [InlineData("--admin 0.0.0.0:10810", "--admin")]
    [InlineData("--admin [::]:10810", "--admin")]
    [InlineData("--admin-token-file /nonexistent", "--admin-token-file")]
    [InlineData("--config /nonexistent", "--config")]
    public void A_wrong_option_is_one_line_that_names_it(string arguments, string named)
    {
        StartupException e = Assert.Throws<StartupException>(() => Parse(arguments.Split(' ')));
        string line = Assert.Single(e.Faults);
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public void Beyond_loopback_needs_a_token_or_the_word_insecure()
    {
        using TempFolder folder = new();
        string token = folder.Write("token", "0123456789abcdef\n");
        Assert.Equal("0123456789abcdef", Parse("--admin", "0.0.0.0:0", "--admin-token-file", token).AdminToken);
        Assert.False(Parse("--admin", "0.0.0.0:0", "--insecure-admin").Admin!.IsLoopback);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("two words of a token")]
    [InlineData("0123456789abcdef\n0123456789abcdef")]
    public void A_token_file_must_hold_one_long_word(string content)
    {
        using TempFolder folder = new();
        string token = folder.Write("token", content);
        Assert.Contains("--admin-token-file", Assert.Throws<StartupException>(() => Parse("--admin-token-file", token)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "--disk")]
    [InlineData("--version", "0.1.0")]
    public void Help_and_version_are_answered(string option, string content)
    {
        StringWriter output = new();
        Assert.Null(new CommandLine().Parse([option], output));
        Assert.Contains(content, output.ToString(), StringComparison.Ordinal);
    }

    private static ServerOptions Parse(params string[] arguments) => new CommandLine().Parse(arguments, TextWriter.Null)!;
}

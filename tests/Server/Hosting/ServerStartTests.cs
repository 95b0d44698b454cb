using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

public sealed class ServerStartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("--admin")]
    [InlineData("--nbd")]
    public async Task A_port_in_use_is_one_line_and_leaves_no_image_behind(string option)
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        string image = _folder.File("image");
        string[] other = option == "--admin" ? [] : ["--admin", "none"];
        string line = await FailAsync(["--disk", $"size=1M,medium=file:{image}", option, $"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}", .. other]);
        Assert.Contains(option, line, StringComparison.Ordinal);
        Assert.Contains("in use", line, StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(image));
    }

    [Fact]
    public async Task A_missing_image_with_a_size_is_made_sparse()
    {
        string image = _folder.File("image");
        await using TestServer server = await TestServer.StartAsync("--disk", $"size=1T,medium=file:{image}");
        Assert.Equal(1L << 40, new FileInfo(image).Length);
        Assert.InRange(server.Disk().GetStatistics().PersistentBytes, 0, 1 << 20);
    }

    [Fact]
    public async Task Without_a_size_the_image_says_it()
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        await using TestServer server = await TestServer.StartAsync("--disk", $"medium=file:{image}");
        Assert.Equal(1 << 20, (await server.GetAsync("/api/v1/disks/disk0")).IsOk().GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task A_missing_image_without_a_size_is_refused()
    {
        string line = await FailAsync("--disk", $"medium=file:{_folder.File("none")}", "--admin", "none");
        Assert.Contains("--disk: disk0: medium:", line, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("none")));
    }

    [Fact]
    public async Task An_image_that_is_too_small_is_refused_and_stays_as_it_was()
    {
        string image = _folder.WriteZeroes("image", 4096);
        Assert.Contains("too small", await FailAsync("--disk", $"size=1M,medium=file:{image}", "--admin", "none"), StringComparison.Ordinal);
        Assert.Equal(4096, new FileInfo(image).Length);
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/tmp")]
    public async Task An_image_must_be_a_regular_file(string path) =>
        Assert.Contains("not a regular file", await FailAsync("--disk", $"size=1M,medium=file:{path}", "--admin", "none"), StringComparison.Ordinal);

    [Fact]
    public async Task An_image_serves_one_disk_only()
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        await using TestServer server = await TestServer.StartAsync("--disk", $"medium=file:{image}");
        string line = await FailAsync("--disk", $"medium=file:{image}", "--admin", "none");
        Assert.Contains("medium", line, StringComparison.Ordinal);
        Assert.Contains(image, line, StringComparison.Ordinal);
        line = await FailAsync("--disk", $"medium=file:{_folder.File("new")},size=1M", "--disk", $"medium=file:{image}", "--admin", "none");
        Assert.Contains("disk1", line, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("new")));
    }

    [Fact]
    public async Task A_socket_that_a_killed_server_left_behind_is_taken_over_and_a_file_is_not()
    {
        string path = _folder.File("admin.sock");
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path + "x"));
            File.Move(path + "x", path);
        }

        Assert.True(File.Exists(path));
        await using (await new ServerStarter("--admin", $"unix:{path}").StartAsync())
        {
            Assert.Contains("in use", await FailAsync("--admin", $"unix:{path}"), StringComparison.OrdinalIgnoreCase);
        }

        string file = _folder.Write("file", "");
        Assert.Contains("--admin", await FailAsync("--admin", $"unix:{file}"), StringComparison.Ordinal);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task Without_HTTP_there_is_none()
    {
        await using ServerHost host = await new ServerStarter("--admin", "none").StartAsync();
        Assert.Null(host.AdminEndpoint);
    }

    [Fact]
    public async Task A_stop_flushes_every_disk()
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        await using (TestServer server = await TestServer.StartAsync("--disk", $"medium=file:{image}"))
        {
            server.Fill(512, 512, 7);
            Assert.True(await server.Host.StopAsync());
        }

        Assert.Equal(7, (await File.ReadAllBytesAsync(image))[512]);
    }

    private static async Task<string> FailAsync(params string[] arguments)
    {
        StartupException e = await Assert.ThrowsAsync<StartupException>(() => new ServerStarter(arguments).StartAsync());
        string line = Assert.Single(e.Faults);
        Assert.DoesNotContain('\n', line);
        return line;
    }

    public void Dispose() => _folder.Dispose();
}

using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Hosting;

public sealed class AttachTextTests
{
    [Fact]
    public async Task The_start_says_how_to_attach_and_how_to_cut()
    {
        using TempFolder folder = new();
        string socket = folder.File("nbd.sock");
        await using TestServer server = await TestServer.StartAsync(
            "--disk", "name=my disk,size=1M,seed=42", "--nbd", "127.0.0.1:0", "--nbd", $"unix:{socket}");
        string text = AttachText.Write(server.Host);
        int port = ((System.Net.IPEndPoint)server.Host.NbdEndpoints[0].EndPoint).Port;
        Assert.Contains("my disk: 1M (memory)", text, StringComparison.Ordinal);
        Assert.Contains("seed 42", text, StringComparison.Ordinal);
        Assert.Contains($"nbd-client 127.0.0.1 {port} -N 'my disk' /dev/nbd0", text, StringComparison.Ordinal);
        Assert.Contains($"nbd://127.0.0.1:{port}/my%20disk", text, StringComparison.Ordinal);
        Assert.Contains($"nbd-client -unix {socket}", text, StringComparison.Ordinal);
        Assert.Contains($"nbd+unix:///my%20disk?socket={Uri.EscapeDataString(socket)}", text, StringComparison.Ordinal);
        Assert.Contains($"curl -X POST http://{server.Host.AdminEndpoint}/api/v1/disks/my%20disk/power/cut", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_is_right_as_typed_for_large_blocks_and_for_names_that_a_shell_or_a_terminal_would_take_apart()
    {
        using TempFolder folder = new();
        string socket = folder.File("a,b.sock");
        await using TestServer server = await TestServer.StartAsync(
            "--disk", "name=it's\u202Ex,size=1M,block=4096", "--nbd", "[::1]:0", "--nbd", $"unix:{socket}");
        string text = AttachText.Write(server.Host);
        int port = ((System.Net.IPEndPoint)server.Host.NbdEndpoints[0].EndPoint).Port;
        Assert.Contains($"nbd-client ::1 {port} -N $'it\\'s\\u202ex' -b 4096 /dev/nbd0\n", text, StringComparison.Ordinal);
        Assert.Contains($"nbd-client -unix {socket} -N $'it\\'s\\u202ex' -b 4096 /dev/nbd0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', text);
        Assert.Contains("  it's\\u202ex: 1M (memory)", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--nbd")]
    [InlineData("--nvme")]
    [InlineData("--admin")]
    public async Task IPv6_everywhere_is_IPv4_everywhere_too(string option)
    {
        string[] token = option == "--admin" ? ["--insecure-admin"] : [];
        await using TestServer server = await TestServer.StartAsync(["--disk", "size=1M", option, "[::]:0", .. token]);
        ListenEndpoint endpoint = option switch
        {
            "--nbd" => server.Host.NbdEndpoints[0],
            "--nvme" => server.Host.NvmeEndpoints[0],
            _ => server.Host.AdminEndpoint!,
        };
        using System.Net.Sockets.Socket socket = new(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(
            System.Net.IPAddress.Loopback, ((System.Net.IPEndPoint)endpoint.EndPoint).Port, TestContext.Current.CancellationToken);
        Assert.True(socket.Connected);
    }

    [Fact]
    public async Task Over_nvme_it_names_the_subsystem()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "name=a,size=1M", "--nvme", "127.0.0.1:0");
        int port = ((System.Net.IPEndPoint)server.Host.NvmeEndpoints[0].EndPoint).Port;
        string text = AttachText.Write(server.Host);
        Assert.Contains($"NVMe/TCP on 127.0.0.1:{port}\n  nvme discover -t tcp -a 127.0.0.1 -s {port}\n", text, StringComparison.Ordinal);
        Assert.Contains($"nvme connect -t tcp -a 127.0.0.1 -s {port} -n nqn.2026-11.io.blockemu:a\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("required", "size=1M", true)]
    [InlineData("selective", "size=1M,tls", true)]
    [InlineData("selective", "size=1M", false)]
    public async Task With_TLS_it_says_so_and_how(string mode, string disk, bool isTls)
    {
        using TempFolder folder = new();
        using TestAuthority authority = new();
        authority.WriteTo(folder.Path);
        await using TestServer server = await TestServer.StartAsync(
            "--disk", disk, "--nbd", "127.0.0.1:0", "--tls", mode, "--tls-cert", folder.File("server-cert.pem"), "--tls-key", folder.File("server-key.pem"));
        string text = AttachText.Write(server.Host);
        Assert.Contains(mode == "required" ? "TLS is required" : "TLS is there", text, StringComparison.Ordinal);
        Assert.Equal(isTls, text.Contains("nbds://", StringComparison.Ordinal));
        Assert.Equal(!isTls, text.Contains("nbd://", StringComparison.Ordinal));
        Assert.Equal(isTls, text.Contains("tls-creds=tls", StringComparison.Ordinal));
    }
}

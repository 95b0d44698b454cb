using System.Diagnostics;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>NBD and HTTP side by side in one server.</summary>
public sealed class NbdWiringTests
{
    private const string Disk = "/api/v1/disks/disk0";

    [Fact]
    public async Task A_cut_over_HTTP_takes_the_cache_and_resets_the_clients()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--nbd", "127.0.0.1:0");
        using (NbdClient client = Connect(server))
        {
            client.Go("disk0");
            Assert.Equal(NbdError.None, client.Write(0, Filled(1), NbdCommandFlags.Fua));
            Assert.Equal(NbdError.None, client.Write(4096, Filled(2)));
            Assert.Equal(1, (await server.GetAsync(Disk)).IsOk().GetProperty("connections").GetInt32());
            (await server.PostAsync($"{Disk}/power/cut", """{"loss":"lose-all"}""")).IsOk();
            Assert.ThrowsAny<IOException>(() => client.Read(0, new byte[512]));
        }

        (await server.PostAsync($"{Disk}/power/on")).IsOk();
        using NbdClient again = Connect(server);
        again.Go("");
        byte[] found = new byte[8192];
        Assert.Equal(NbdError.None, again.Read(0, found));
        Assert.Equal((1, 0), (found[0], found[4096]));
        string metrics = (await server.GetAsync("/metrics")).Text;
        Assert.Contains("blockemu_requests_total{disk=\"disk0\",front_end=\"nbd\",op=\"write\",result=\"ok\"} 2", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_taken_away_by_force_resets_its_clients()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--nbd", "127.0.0.1:0");
        using NbdClient client = Connect(server);
        client.Go("disk0");
        (await server.SendAsync(HttpMethod.Delete, Disk)).IsProblem(409);
        Assert.Equal(NbdError.None, client.Read(0, new byte[512]));
        (await server.SendAsync(HttpMethod.Delete, $"{Disk}?force=true")).IsOk(204);
        Assert.ThrowsAny<IOException>(() => client.Read(0, new byte[512]));
    }

    [Fact]
    public async Task A_disk_made_over_HTTP_is_served_at_once()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--nbd", "127.0.0.1:0");
        (await server.PostAsync("/api/v1/disks", """{"name":"later","size":"2M"}""")).IsOk(201);
        using NbdClient client = Connect(server);
        Assert.Equal(2L << 20, client.Go("later").SizeBytes);
    }

    [Fact]
    public async Task A_killed_server_loses_nothing_that_was_flushed()
    {
        using TempFolder folder = new();
        string socket = folder.File("nbd.sock");
        string image = folder.WriteZeroes("image", 1 << 20);
        using Process server = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "blockemu-server"),
            ["--disk", $"medium=file:{image},sync=none", "--nbd", $"unix:{socket}", "--admin", "none"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        while (await server.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("NBD on", StringComparison.Ordinal))
        {
        }

        using (NbdClient client = NbdClient.Connect(new System.Net.Sockets.UnixDomainSocketEndPoint(socket)))
        {
            client.Go("disk0");
            Assert.Equal(NbdError.None, client.Write(0, Filled(1)));
            Assert.Equal(NbdError.None, client.Flush());
            Assert.Equal(NbdError.None, client.Write(8192, Filled(2), NbdCommandFlags.Fua));
            Assert.Equal(NbdError.None, client.Write(0, Filled(3)));
            server.Kill();
            await server.WaitForExitAsync();
        }

        byte[] found = await File.ReadAllBytesAsync(image);
        Assert.Equal((1, 2), (found[0], found[8192]));
        await using ServerHost next = await new ServerStarter(
            "--disk", $"medium=file:{image}", "--nbd", $"unix:{socket}", "--admin", "none").StartAsync();
        Assert.Single(next.NbdEndpoints);
    }

    private static NbdClient Connect(TestServer server) => NbdClient.Connect(server.Host.NbdEndpoints[0].EndPoint);

    private static byte[] Filled(byte value)
    {
        byte[] bytes = new byte[4096];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}

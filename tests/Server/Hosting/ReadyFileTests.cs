using System.Diagnostics;
using System.Net;
using System.Text.Json;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary><c>--ready-file</c> and <c>--exit-with-parent</c>: how a program that starts the server learns that it serves, and is not
/// outlived by it.</summary>
public sealed class ReadyFileTests : IDisposable
{
    private static readonly string[] s_freePorts = ["--nbd", "127.0.0.1:0", "--nvme", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

    private readonly TempFolder _folder = new();

    private string Ready => Path.Combine(_folder.Path, "ready");

    public void Dispose() => _folder.Dispose();

    private static async Task WaitForAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource limit = new(Pace.Seconds(60));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, what);
            await Task.Delay(20, CancellationToken.None);
        }
    }

    private async Task<JsonElement> ReadAsync()
    {
        await WaitForAsync(() => File.Exists(Ready), "there is no ready file");
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(Ready, TestContext.Current.CancellationToken));
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task It_tells_the_real_ports_once_they_answer_and_goes_with_the_server()
    {
        await File.WriteAllTextAsync(Ready, "of an earlier server", TestContext.Current.CancellationToken);
        using ChildServer server = ChildServer.Start(["--disk", "name=a,size=1M,seed=3", .. s_freePorts, "--ready-file", Ready]);
        await WaitForAsync(() => !File.Exists(Ready) || !File.ReadAllText(Ready).StartsWith("of", StringComparison.Ordinal), "the old one stayed");
        JsonElement ready = await ReadAsync();
        Assert.Equal(server.ProcessId, ready.GetProperty("pid").GetInt32());
        Assert.All((string[])["nbd", "nvme"], name =>
            Assert.NotEqual(0, IPEndPoint.Parse(ready.GetProperty(name)[0].GetString()!).Port));
        JsonElement disk = Assert.Single(ready.GetProperty("disks").EnumerateArray());
        Assert.Equal(("a", 1 << 20, 3), (disk.GetProperty("name").GetString(), disk.GetProperty("size").GetInt32(), disk.GetProperty("seed").GetInt32()));
        using HttpClient http = new();
        Uri readiness = new($"http://{ready.GetProperty("admin").GetString()}/readyz");
        Assert.True((await http.GetAsync(readiness, TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        await server.SignalAsync("TERM");
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
        Assert.False(File.Exists(Ready));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_start_that_fails_leaves_none()
    {
        await File.WriteAllTextAsync(Ready, "of an earlier server", TestContext.Current.CancellationToken);
        using ChildServer server = ChildServer.Start(
            "--disk", $"medium=file:{_folder.Path}/nowhere/image,size=1M", "--nbd", "none", "--admin", "none", "--ready-file", Ready);
        Assert.Equal(2, (await server.EndAsync()).ExitCode);
        Assert.False(File.Exists(Ready));
    }

    [Theory]
    [InlineData("nowhere/ready")]
    [InlineData("")]
    [InlineData(".")]
    public async Task A_place_that_is_none_is_named(string path)
    {
        using ChildServer server = ChildServer.Start(
            "--disk", "size=1M", "--nbd", "none", "--admin", "none", "--ready-file", path.Length == 0 ? "" : Path.Combine(_folder.Path, path));
        (int exitCode, string errors) = await server.EndAsync();
        Assert.Equal(2, exitCode);
        Assert.Contains("--ready-file", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_its_parent_gone_the_server_ends_in_order()
    {
        using ChildServer parent = ChildServer.Run(
            "sh",
            ["-c", "\"$@\" & wait", "sh", ChildServer.Program, "--disk", "size=1M", "--exit-with-parent", .. s_freePorts, "--ready-file", Ready]);
        int server = (await ReadAsync()).GetProperty("pid").GetInt32();
        Assert.NotEqual(parent.ProcessId, server);
        await parent.SignalAsync("KILL");
        await WaitForAsync(() => !File.Exists(Ready), "the server goes on"); // it takes the file away in the end
        await WaitForAsync(() => !Directory.Exists($"/proc/{server}") || HasEnded(server), "the server is still there");
    }

    private static bool HasEnded(int processId)
    {
        try
        {
            using Process process = Process.GetProcessById(processId);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}

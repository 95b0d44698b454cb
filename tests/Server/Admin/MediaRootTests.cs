using System.Text.Json;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

/// <summary>Where disks that are made over HTTP may have their images.</summary>
public sealed class MediaRootTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Root => Path.Combine(_folder.Path, "root");

    private string Outside => Path.Combine(_folder.Path, "outside");

    public MediaRootTests()
    {
        Directory.CreateDirectory(Path.Combine(Root, "inner"));
        Directory.CreateDirectory(Outside);
        File.CreateSymbolicLink(Path.Combine(Root, "out"), Outside);
        File.CreateSymbolicLink(Path.Combine(Root, "in"), "inner");
        File.CreateSymbolicLink(Path.Combine(Root, "dangling"), Path.Combine(Outside, "made-through-a-link"));
        File.CreateSymbolicLink(Path.Combine(Root, "loop"), "loop");
        Directory.CreateDirectory(Root + "-beside");
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<Answer> MakeAsync(TestServer server, string path) => await server.PostAsync(
        "/api/v1/disks", JsonSerializer.Serialize(new { name = "f", size = 4096, medium = $"file:{path}" }));

    [Theory]
    [InlineData("a.img", "a.img")]
    [InlineData("inner/a.img", "inner/a.img")]
    [InlineData("in/a.img", "inner/a.img")]
    [InlineData("inner/../a.img", "a.img")]
    public async Task An_image_lies_inside_links_followed(string path, string real)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--media-root", Root);
        JsonElement disk = (await MakeAsync(server, path)).IsOk(201);
        Assert.Equal($"file:{Path.Combine(Root, real)}", disk.GetProperty("medium").GetString());
        Assert.Equal(4096, new FileInfo(Path.Combine(Root, real)).Length);
    }

    [Theory]
    [InlineData("../outside/a.img")]
    [InlineData("out/a.img")]
    [InlineData("in/../../outside/a.img")]
    [InlineData("dangling")]
    [InlineData("loop")]
    [InlineData("loop/a.img")]
    [InlineData("../root-beside/a.img")]
    [InlineData(".")]
    [InlineData("/etc/passwd")]
    [InlineData("/proc/self/environ")]
    public async Task An_image_outside_is_refused_and_nothing_is_made(string path)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--media-root", Root);
        (await MakeAsync(server, path)).IsProblem(403, "medium");
        Assert.Empty(Directory.GetFiles(Outside));
        Assert.Empty(Directory.GetFiles(Root + "-beside"));
        Assert.Single((await server.GetAsync("/api/v1/disks")).IsOk().GetProperty("disks").EnumerateArray());
    }

    [Fact]
    public async Task Each_of_several_folders_counts()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--media-root", Root, "--media-root", Outside);
        (await MakeAsync(server, Path.Combine(Outside, "a.img"))).IsOk(201);
    }

    [Fact]
    public async Task Without_a_folder_and_without_a_token_disks_are_in_memory()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        (await MakeAsync(server, Path.Combine(Root, "a.img"))).IsProblem(403, "medium");
        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "inner")));
        (await server.PostAsync("/api/v1/disks", """{"name":"m","size":4096}""")).IsOk(201);
    }

    [Fact]
    public async Task Without_a_folder_those_with_a_token_may_name_any()
    {
        string tokenFile = Path.Combine(_folder.Path, "token");
        await File.WriteAllTextAsync(tokenFile, "0123456789abcdef0123456789abcdef", TestContext.Current.CancellationToken);
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--admin-token-file", tokenFile);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "0123456789abcdef0123456789abcdef");
        (await MakeAsync(server, Path.Combine(Outside, "a.img"))).IsOk(201);
    }

    [Fact]
    public async Task Disks_of_the_command_line_are_not_confined()
    {
        await using TestServer server = await TestServer.StartAsync(
            "--disk", $"size=1M,medium=file:{Path.Combine(Outside, "a.img")}", "--media-root", Root);
        Assert.True(File.Exists(Path.Combine(Outside, "a.img")));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        StartupException refusal = Assert.Throws<StartupException>(
            () => new CommandLine().Parse(["--media-root", Path.Combine(Root, "nowhere")], TextWriter.Null));
        Assert.Contains("--media-root", refusal.Message, StringComparison.Ordinal);
    }
}

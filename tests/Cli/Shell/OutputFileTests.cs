using System.Diagnostics;
using System.Runtime.Versioning;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Tests.Shell;

/// <summary>Every kind of thing that a user may name as the place of an output.</summary>
[SupportedOSPlatform("linux")]
public sealed class OutputFileTests : IDisposable
{
    private static readonly byte[] s_words = [1, 2, 3, 4];

    private readonly string _folder = Directory.CreateTempSubdirectory("blockemu-out-").FullName;

    [Fact]
    public async Task A_file_that_is_there_is_replaced_and_keeps_its_mode()
    {
        string file = In("file");
        await File.WriteAllTextAsync(file, "something longer", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await WriteAsync(file);
        Assert.Equal(s_words, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_stays_one_and_what_it_leads_to_is_written(bool isThere)
    {
        string target = In("target");
        if (isThere)
        {
            await File.WriteAllTextAsync(target, "old", TestContext.Current.CancellationToken);
        }

        File.CreateSymbolicLink(In("middle"), "target");
        File.CreateSymbolicLink(In("link"), In("middle"));
        await WriteAsync(In("link"));
        Assert.Equal(In("middle"), new FileInfo(In("link")).LinkTarget);
        Assert.Equal("target", new FileInfo(In("middle")).LinkTarget);
        Assert.Equal(s_words, await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_pipe_is_written_to_and_stays_one()
    {
        string pipe = In("pipe");
        await RunAsync("mkfifo", pipe);
        Task<byte[]> read = Task.Run(() => File.ReadAllBytesAsync(pipe));
        await WriteAsync(pipe);
        Assert.Equal(s_words, await read);
        Assert.Equal(0x1000, FileKind.Of(pipe)!.Value.Mode & 0xF000);
    }

    [Fact]
    public async Task A_device_is_written_to_and_stays_one()
    {
        // Of this test's own: what swallows everything, and what is always full.
        string nothing = In("nothing");
        string full = In("full");
        Assert.SkipUnless(await RunAsync("mknod", nothing, "c", "1", "3") == 0 && await RunAsync("mknod", full, "c", "1", "7") == 0, "only root makes devices");
        await WriteAsync(nothing);
        OutputException e = await Assert.ThrowsAsync<OutputException>(() => WriteAsync(full));
        Assert.Contains("No space left", e.Message, StringComparison.Ordinal);
        Assert.All((string[])[nothing, full], static f => Assert.Equal(0x2000, FileKind.Of(f)!.Value.Mode & 0xF000));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("missing/file")]
    [InlineData("folder")]
    [InlineData("new/")]
    [InlineData("loop")]
    [InlineData("file/below")]
    public async Task What_cannot_be_is_one_line_and_leaves_nothing(string name)
    {
        Directory.CreateDirectory(In("folder"));
        await File.WriteAllTextAsync(In("file"), "", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(In("loop"), "loop");
        OutputException e = await Assert.ThrowsAsync<OutputException>(() => WriteAsync(name.Length == 0 ? "" : In(name)));
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal(3, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_the_old_content()
    {
        string file = In("file");
        await File.WriteAllTextAsync(file, "old", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => OutputFile.WriteAsync(file, async stream =>
        {
            await stream.WriteAsync(s_words);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task WriteAsync(string path) => OutputFile.WriteAsync(path, static stream => stream.WriteAsync(s_words).AsTask());

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private string In(string name) => Path.Combine(_folder, name);
}

using System.Diagnostics;
using System.Text.Json;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Cli.Tests;

public sealed class RecoverTests : IDisposable
{
    private const int Size = 64 << 10;
    private readonly string _folder = Directory.CreateTempSubdirectory("blockemu-recover-").FullName;

    private string Image => Path.Combine(_folder, "image");

    private string Redo => Image + ".redo";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>An image that holds two pages of 1s, of which the second is not there yet, and what its server left beside it.</summary>
    private void LeaveUnfinished()
    {
        DiskOptions options = new()
        {
            Name = "d",
            SizeBytes = Size,
            FilePath = Image,
            SyncToHost = false,
            Atomicity = new AtomicityParameters { AwunBytes = 8192, AwupfBytes = 8192, AcwuBytes = 4096 },
        };
        using (Disk disk = new(options))
        {
            Assert.Equal(DiskStatus.Ok, disk.Write(1, 4096, Filled(8192, 1), fua: true));

            // What the disk takes away when it ends is kept under another name; all but its mark is still in it.
            using Process link = Process.Start("ln", [Redo, Redo + "-kept"]);
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }

        byte[] redo = File.ReadAllBytes(Redo + "-kept");
        "BEREDO02"u8.CopyTo(redo);
        File.WriteAllBytes(Redo, redo);
        using (FileStream image = File.OpenWrite(Image))
        {
            image.Position = 8192;
            image.Write(Filled(4096, 0));
        }

        // It was written right after: not when this machine's load let it be.
        File.SetLastWriteTimeUtc(Image, File.GetLastWriteTimeUtc(Redo).AddMilliseconds(1));
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static Task<CliRun> RunAsync(params string[] arguments) => CliRun.RunAsync(["recover", .. arguments]);

    [Fact]
    public async Task Finishes_the_write_in_which_a_server_was_killed_once()
    {
        LeaveUnfinished();
        byte[] torn = await File.ReadAllBytesAsync(Image, TestContext.Current.CancellationToken);
        Assert.Contains("killed inside a write", (await RunAsync(Image, "--check")).Is(ExitCodes.DoesNotHold).Output, StringComparison.Ordinal);
        Assert.Equal(torn, await File.ReadAllBytesAsync(Image, TestContext.Current.CancellationToken));
        JsonElement said = (await RunAsync(Image, "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal(("finished", true), (said.GetProperty("state").GetString(), said.GetProperty("whole").GetBoolean()));
        byte[] whole = await File.ReadAllBytesAsync(Image, TestContext.Current.CancellationToken);
        Assert.Equal(Filled(8192, 1), whole.AsSpan(4096, 8192));
        Assert.False(File.Exists(Redo), "the redo file is still there");
        Assert.Equal($"{Image}: nothing to finish", (await RunAsync(Image)).Is(ExitCodes.Fine).Output.Trim());
        (await RunAsync(Image, "--check")).Is(ExitCodes.Fine);
    }

    [Fact]
    public async Task Leaves_a_copy_as_it_is_and_says_so()
    {
        LeaveUnfinished();
        string copy = Path.Combine(_folder, "copy");
        File.Copy(Image, copy);
        File.Copy(Redo, copy + ".redo");
        Assert.Contains("another file", (await RunAsync(copy)).Is(ExitCodes.DoesNotHold).Output, StringComparison.Ordinal);
        byte[] torn = await File.ReadAllBytesAsync(Image, TestContext.Current.CancellationToken);
        Assert.Equal(torn, await File.ReadAllBytesAsync(copy, TestContext.Current.CancellationToken));
        Assert.Equal("finished", (await RunAsync(Image, "--json")).Is(ExitCodes.Fine).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Of_a_damaged_redo_file_it_says_that_an_atom_may_be_torn_and_keeps_it()
    {
        LeaveUnfinished();
        byte[] redo = await File.ReadAllBytesAsync(Redo, TestContext.Current.CancellationToken);
        redo[^1] ^= 1;
        await File.WriteAllBytesAsync(Redo, redo, TestContext.Current.CancellationToken);
        Assert.Contains("may be torn", (await RunAsync(Image, "--check")).Is(ExitCodes.DoesNotHold).Output, StringComparison.Ordinal);
        JsonElement said = (await RunAsync(Image, "--json")).Is(ExitCodes.DoesNotHold).Json;
        Assert.Equal(("damaged", false), (said.GetProperty("state").GetString(), said.GetProperty("whole").GetBoolean()));
        string aside = said.GetProperty("aside").GetString()!;
        Assert.Equal(Redo + ".aside-1", aside);
        Assert.Equal(redo, await File.ReadAllBytesAsync(aside, TestContext.Current.CancellationToken));
        (await RunAsync(Image)).Is(ExitCodes.Fine);
    }

    [Fact]
    public async Task Wants_images_that_are_there_and_not_in_use()
    {
        (await RunAsync(Path.Combine(_folder, "none"))).Is(ExitCodes.Usage).Says("cannot be opened");
        (await RunAsync(_folder)).Is(ExitCodes.Usage).Says("not a regular file");
        (await RunAsync()).Is(ExitCodes.Usage);
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = Size, FilePath = Image });
        (await RunAsync(Image)).Is(ExitCodes.Usage).Says(Image);
    }
}

using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>A disk in an image whose file system is full, as libnbd sees it: libnbd_full.py says what it tries. Needs root.</summary>
public sealed class FullMediumTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public async Task What_has_no_room_is_told_at_the_flush_and_nothing_that_was_answered_is_lost()
    {
        Tool.RequireThat(Environment.UserName == "root", "mounting needs root");
        using TempFolder folder = new();
        string small = folder.File("small");
        Directory.CreateDirectory(small);
        await ProgramRun.SucceedAsync("mount", "-t", "tmpfs", "-o", "size=4m", "blockemu-small", small);
        try
        {
            string image = Path.Combine(small, "image");
            await using ServerProcess server = await ServerProcess.StartAsync($"name=disk0,size=64M,medium=file:{image},sync=none");
            await LibnbdScript.RunAsync(isNewer: false, "libnbd_full.py", $"nbd://{server.EndPoint}/disk0", small);
            await server.KillAsync();
            byte[] bytes = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
            for (int i = 0; i < 8; i++)
            {
                Assert.True(bytes.AsSpan(i * MiB, MiB).IndexOfAnyExcept((byte)(i + 1)) < 0, $"MiB {i}");
            }

            Assert.True(bytes.AsSpan(8 * MiB, 65_536).IndexOfAnyExcept((byte)'z') < 0, "what was written while it was full");
            Assert.True(bytes.AsSpan(20 * MiB, 65_536).IndexOfAnyExcept((byte)'f') < 0, "what had FUA");
        }
        finally
        {
            await ProgramRun.SucceedAsync("umount", small);
        }
    }
}

using System.Globalization;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>Programs that copy whole images: nbdcopy, and nbdkit's checkwrite filter, which holds a copy against the original.</summary>
public sealed class CopyTests
{
    private const int ImageBytes = (int)LiveServer.DiskBytes;

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Nbdcopy_there_and_back_changes_nothing(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 11);
        await ProgramRun.SucceedAsync("nbdcopy", image, server.Uri(transport));
        await ProgramRun.SucceedAsync("nbdcopy", server.Uri(transport), folder.File("back"));
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    [InlineData(Transport.Tcp, "--connections=8", "--requests=64")]
    [InlineData(Transport.Unix, "--connections=8", "--requests=64")]
    [InlineData(Transport.Tcp, "--synchronous")]
    [InlineData(Transport.Unix, "--synchronous")]
    public async Task Nbdcopy_with_flush_survives_a_power_cut_that_loses_all_it_may(Transport transport, params string[] options)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 12);
        await ProgramRun.SucceedAsync("nbdcopy", [.. options, "--flush", image, server.Uri(transport)]);
        await server.LosePowerAsync();
        await ProgramRun.SucceedAsync("nbdcopy", [.. options, server.Uri(transport), folder.File("back")]);
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    [Fact]
    public async Task Nbdcopy_keeps_holes_in_both_directions()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 16);
        await ProgramRun.SucceedAsync("nbdcopy", image, server.Uri(Transport.Tcp));
        ProgramRun map = await ProgramRun.SucceedAsync("nbdinfo", "--map", "--totals", server.Uri(Transport.Tcp));
        Assert.Matches(@"(?m)^ *\d+ .* 2 +zero|^ *\d+ .* 3 +hole,zero", map.Output);
        await ProgramRun.SucceedAsync("nbdcopy", "--connections=4", server.Uri(Transport.Tcp), folder.File("back"));
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
        ProgramRun used = await ProgramRun.SucceedAsync("stat", "--format=%b", folder.File("back"));
        Assert.InRange(long.Parse(used.Output, CultureInfo.InvariantCulture) * 512, 1, ImageBytes * 3 / 4);
    }

    [Fact]
    public async Task Nbdcopy_copies_from_one_export_to_another()
    {
        await using LiveServer from = await LiveServer.StartAsync();
        await using LiveServer to = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 17);
        await ProgramRun.SucceedAsync("nbdcopy", image, from.Uri(Transport.Unix));
        await ProgramRun.SucceedAsync("nbdcopy", "--connections=8", "--flush", from.Uri(Transport.Unix), to.Uri(Transport.Tcp));
        await ProgramRun.SucceedAsync("qemu-img", "compare", "-f", "raw", "-F", "raw", image, to.Uri(Transport.Tcp));
    }

    [Fact]
    public async Task Nbdcopy_with_destination_is_zero_and_allocated_writes_what_it_should()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 13);
        await ProgramRun.SucceedAsync("nbdcopy", "--destination-is-zero", image, server.Uri(Transport.Tcp));
        await ProgramRun.SucceedAsync("nbdcopy", "--allocated", image, server.Uri(Transport.Unix));
        await ProgramRun.SucceedAsync("nbdcopy", "--synchronous", server.Uri(Transport.Unix), folder.File("back"));
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Checkwrite_sees_the_image_copied_onto_itself(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 14);
        await ProgramRun.SucceedAsync("nbdcopy", image, server.Uri(transport));
        ProgramRun run = await CheckwriteAsync(folder, image, server.Uri(transport));
        Assert.True(run.ExitCode == 0, run.Everything);
    }

    // Otherwise the test above could not fail.
    [Fact]
    public async Task Checkwrite_notices_one_wrong_byte()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", ImageBytes, seed: 15);
        await ProgramRun.SucceedAsync("nbdcopy", image, server.Uri(Transport.Tcp));
        using (FileStream file = new(image, FileMode.Open))
        {
            file.Position = 30 << 20;
            int old = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(old ^ 1));
        }

        ProgramRun run = await CheckwriteAsync(folder, image, server.Uri(Transport.Tcp));
        Assert.True(run.ExitCode != 0 && run.Errors.Contains("Input/output error", StringComparison.Ordinal), run.Everything);
    }

    /// <summary>nbdkit reads our export, and compares every write of nbdcopy with it.</summary>
    private static async Task<ProgramRun> CheckwriteAsync(TempFolder folder, string image, string uri)
    {
        _ = Tool.Find("nbdcopy");
        return await ProgramRun.StartAsync(
            "nbdkit", "--exit-with-parent", "--foreground", "-U", folder.File("checkwrite.sock"), "--filter=checkwrite", "nbd", $"uri={uri}",
            "--run", $"nbdcopy '{image}' \"$uri\"");
    }
}

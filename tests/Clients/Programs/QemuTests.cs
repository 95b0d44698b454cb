using System.Text.Json;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>QEMU's block layer, which a virtual machine's disk goes through: qemu-io and qemu-img.</summary>
public sealed class QemuTests
{
    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Qemu_io_writes_with_FUA_zeroes_discards_flushes_and_reads_the_patterns_back(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        await QemuIoAsync(
            server.Uri(transport), "write -P 0x11 0 1M", "write -f -P 0x22 1M 64k", "write -z 256k 128k", "write -z -u 512k 4k",
            "write -P 0x33 5000 3000", "discard 768k 64k", "flush", "read -P 0x11 8000 200k", "read -P 0x22 1M 64k", "read -P 0 256k 128k",
            "read -P 0x33 5000 3000", "read -P 0 768k 64k", "read -P 0x11 832k 192k", "aio_write -P 0x44 2M 256k", "aio_flush",
            "read -P 0x44 2M 256k");
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task A_power_cut_leaves_what_qemu_io_flushed_or_wrote_with_FUA_and_no_more(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();

        // It ends itself with SIGKILL: closing in order, it would flush once more.
        ProgramRun run = await ProgramRun.StartAsync(
            "qemu-io", "-f", "raw", "-t", "writeback", "-c", "write -P 0x55 0 64k", "-c", "flush", "-c", "write -f -P 0x66 1M 64k",
            "-c", "write -f -z 0 4k", "-c", "write -P 0x77 2M 64k", "-c", "sigraise 9", server.Uri(transport));
        Assert.True(run.ExitCode == 128 + 9, run.Everything);
        await server.LosePowerAsync();
        await QemuIoAsync(server.Uri(transport), "read -P 0 0 4k", "read -P 0x55 4k 60k", "read -P 0x66 1M 64k", "read -P 0 2M 64k");
    }

    [Fact]
    public async Task Qemu_io_notices_a_wrong_pattern()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.StartAsync("qemu-io", "-f", "raw", "-c", "read -P 1 0 512", server.Uri(Transport.Tcp));
        Assert.True(run.ExitCode != 0 || run.Output.Contains("verification failed", StringComparison.Ordinal), run.Everything);
    }

    // qemu-io does not ask a server about a range past the end: its own layer refuses. What is forbidden is for nbdsh.
    [Fact]
    public async Task Qemu_io_opens_a_read_only_export_for_reading_only()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        string uri = server.Uri(Transport.Tcp, LiveServer.ReadOnlyName);
        await ProgramRun.SucceedAsync("qemu-io", "-f", "raw", "-r", "-c", "read -P 0 0 1M", uri);
        ProgramRun run = await ProgramRun.StartAsync("qemu-io", "-f", "raw", "-c", "write 0 512", uri);
        Assert.True(run.ExitCode != 0 && run.Errors.Contains("Permission denied", StringComparison.Ordinal), run.Everything);
    }

    [Fact]
    public async Task Qemu_io_past_the_end_fails_and_goes_on()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.StartAsync(
            "qemu-io", "-f", "raw", "-c", "read 67108352 1024", "-c", "write 64M 512", "-c", "write -z 67108352 1024", "-c", "write -P 7 0 512",
            "-c", "read -P 7 0 512", server.Uri(Transport.Unix));
        Assert.Equal(3, run.Output.Split('\n').Count(line => line.Contains("failed: Input/output error", StringComparison.Ordinal)));
        Assert.Contains("read 512/512 bytes at offset 0", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Qemu_img_tells_the_size(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("qemu-img", "info", "--output=json", "-f", "raw", server.Uri(transport));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(LiveServer.DiskBytes, json.RootElement.GetProperty("virtual-size").GetInt64());
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Qemu_img_converts_there_and_back_and_compares(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", (int)LiveServer.DiskBytes, seed: 21);
        string uri = server.Uri(transport);
        await ProgramRun.SucceedAsync("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "-W", "-m", "8", image, uri);
        await ProgramRun.SucceedAsync("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri);
        await ProgramRun.SucceedAsync("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, folder.File("back.qcow2"));
        await ProgramRun.SucceedAsync("qemu-img", "compare", "-f", "raw", "-F", "qcow2", image, folder.File("back.qcow2"));
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    [InlineData(Transport.Unix, "--no-drain")]
    public async Task Qemu_img_bench_writes_with_flushes(Transport transport, params string[] more)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        await ProgramRun.SucceedAsync(
            "qemu-img",
            [
                "bench", "-f", "raw", "-t", "writeback", "-w", "-c", "2000", "-d", "16", "-s", "4096", "--flush-interval=100", "--pattern=119",
                .. more, server.Uri(transport),
            ]);
        Assert.All(server.Read(0, 4096), b => Assert.Equal(119, b));

        // The last flush came with the last write, or behind it.
        await server.LosePowerAsync();
        Assert.All(server.Read(1900 * 4096, 4096), b => Assert.Equal(119, b));
    }

    [Fact]
    public async Task Qemu_img_bench_reads()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        await ProgramRun.SucceedAsync("qemu-img", "bench", "-f", "raw", "-c", "2000", "-d", "64", "-s", "65536", server.Uri(Transport.Tcp));
    }

    private static async Task QemuIoAsync(string uri, params string[] commands)
    {
        // By default qemu-io gives every write FUA.
        ProgramRun run = await ProgramRun.SucceedAsync("qemu-io", ["-f", "raw", "-t", "writeback", .. commands.SelectMany(c => (string[])["-c", c]), uri]);

        // Old versions end with 0 after a mismatch.
        Assert.False(run.Output.Contains("verification failed", StringComparison.Ordinal), run.Everything);
        Assert.False(run.Output.Contains("failed:", StringComparison.Ordinal), run.Everything);
    }
}

using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>The built program on standard input and output, two pipes here; and how signals end it.</summary>
public sealed class StdioTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_client_is_served_and_its_end_is_an_orderly_end(bool saysGoodbye)
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        using ChildServer server = ChildServer.Start("--stdio", "--disk", $"medium=file:{image},sync=none");
        using (NbdClient client = new(server.Wire))
        {
            client.Go("disk0");
            byte[] large = NbdBench.Pattern(1 << 20);
            Assert.Equal(NbdError.None, client.Write(0, large));
            byte[] found = new byte[1 << 20];
            Assert.Equal(NbdError.None, client.Read(0, found));
            Assert.Equal(large, found);
            if (saysGoodbye)
            {
                client.Stream.Write(NbdBench.Request(NbdCommand.Disconnect, 1, 0, 0));
            }
        }

        Assert.Equal((0, ""), await server.EndAsync());
        Assert.Equal(NbdBench.Pattern(1 << 20), await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    [InlineData("XCPU")]
    public async Task E2_a_signal_ends_it_in_order(string signal)
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        using ChildServer server = ChildServer.Start("--stdio", "--disk", $"medium=file:{image},sync=none");
        using NbdClient client = new(server.Wire);
        client.Go("");
        Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(512)));
        await server.SignalAsync(signal);
        Assert.Equal(-1, client.Stream.ReadByte());
        Assert.Equal((0, ""), await server.EndAsync());
        byte[] found = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        Assert.Equal(NbdBench.Pattern(512), found[4096..4608]);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    public async Task A_second_signal_right_behind_the_first_loses_nothing(string second)
    {
        string image = _folder.WriteZeroes("image", 1 << 20);
        using ChildServer server = ChildServer.Start("--stdio", "--disk", $"medium=file:{image},sync=none,destage=never");
        using NbdClient client = new(server.Wire);
        client.Go("");
        Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(512)));

        // The answered flush of nothing shows that the write behind it has begun; it never ends, so the stop takes its grace.
        byte[] write = NbdBench.Request(NbdCommand.Write, 2, 0, 512, NbdBench.Pattern(512));
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Read, 1, 0, 512), .. write[..^1]]);
        Assert.Equal(1ul, NbdBench.ReadReply(client.Stream).Cookie);
        await server.SignalAsync("TERM");
        await server.SignalAsync(second);
        (int exitCode, string errors) = await server.EndAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains($"SIG{second}: it ends already", errors, StringComparison.Ordinal);
        byte[] found = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        Assert.Equal(NbdBench.Pattern(512), found[4096..4608]);
    }

    [Fact]
    public async Task HTTP_is_there_when_it_is_asked_for_and_a_cut_ends_the_client_and_so_the_server()
    {
        using ChildServer server = ChildServer.Run(
            ChildServer.Program, ["--stdio", "--disk", "size=1M", "--admin", "127.0.0.1:0"], readsErrors: false);
        using NbdClient client = new(server.Wire);
        client.Go("");
        Assert.Equal("BlockEmu serves", await server.Errors.ReadLineAsync(TestContext.Current.CancellationToken));
        string line = "";
        while (!line.StartsWith("HTTP on ", StringComparison.Ordinal))
        {
            line = (await server.Errors.ReadLineAsync(TestContext.Current.CancellationToken))!;
        }

        using HttpClient http = new() { BaseAddress = new Uri($"http://{line["HTTP on ".Length..]}") };
        using HttpResponseMessage cut = await http.PostAsync(
            new Uri("/api/v1/disks/disk0/power/cut", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.True(cut.IsSuccessStatusCode);
        Assert.Equal(-1, client.Stream.ReadByte());
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_wrong_option_is_one_line_on_standard_error_and_nothing_on_the_wire()
    {
        using ChildServer server = ChildServer.Start("--stdio", "--disk", "size=513");
        Assert.Equal(-1, server.Wire.ReadByte());
        (int exitCode, string errors) = await server.EndAsync();
        Assert.Equal(2, exitCode);
        Assert.StartsWith("blockemu-server: --disk: size", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}

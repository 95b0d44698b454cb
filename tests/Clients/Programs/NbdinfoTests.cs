using System.Text.Json;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>libnbd's nbdinfo: what the server says about itself.</summary>
public sealed class NbdinfoTests
{
    [Theory]
    [InlineData(Transport.Tcp, "disk0")]
    [InlineData(Transport.Tcp, "")]
    [InlineData(Transport.Unix, "disk0")]
    [InlineData(Transport.Unix, "")]
    public async Task It_tells_every_fact_of_the_named_and_the_default_export(Transport transport, string export)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--json", server.Uri(transport, export));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal("newstyle-fixed", json.RootElement.GetProperty("protocol").GetString());
        JsonElement one = Assert.Single(json.RootElement.GetProperty("exports").EnumerateArray());

        // The server tells the default export's real name (NBD_INFO_NAME).
        Assert.Equal(LiveServer.DiskName, one.GetProperty("export-name").GetString());
        Assert.Equal("the first", one.GetProperty("description").GetString());
        Assert.Equal(LiveServer.DiskBytes, one.GetProperty("export-size").GetInt64());
        Assert.Equal(1, one.GetProperty("block_size_minimum").GetInt32());
        Assert.Equal(4096, one.GetProperty("block_size_preferred").GetInt32());
        Assert.Equal(64 << 20, one.GetProperty("block_size_maximum").GetInt32());
        foreach (string can in (string[])["can_cache", "can_fast_zero", "can_flush", "can_fua", "can_multi_conn", "can_trim", "can_zero"])
        {
            Assert.True(one.GetProperty(can).GetBoolean(), $"{can}\n{run.Everything}");
        }

        Assert.False(one.GetProperty("is_read_only").GetBoolean());
        Assert.False(one.GetProperty("is_rotational").GetBoolean());
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task It_lists_every_export(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--list", "--json", server.Uri(transport, ""));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(
            [(LiveServer.DiskName, LiveServer.DiskBytes), (LiveServer.ReadOnlyName, LiveServer.ReadOnlyBytes)],
            json.RootElement.GetProperty("exports").EnumerateArray()
                .Select(e => (e.GetProperty("export-name").GetString()!, e.GetProperty("export-size").GetInt64())).Order());
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task It_tells_the_size(Transport transport)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--size", server.Uri(transport));
        Assert.Equal($"{LiveServer.DiskBytes}", run.Output.Trim());
    }

    // nbdinfo says yes with exit code 0 and no with 2.
    [Theory]
    [InlineData("--can", "connect", "disk0", 0)]
    [InlineData("--can", "read", "disk0", 0)]
    [InlineData("--can", "structured-reply", "disk0", 0)]
    [InlineData("--can", "df", "disk0", 0)]
    [InlineData("--can", "fua", "disk0", 0)]
    [InlineData("--can", "flush", "disk0", 0)]
    [InlineData("--can", "multi-conn", "disk0", 0)]
    [InlineData("--can", "trim", "disk0", 0)]
    [InlineData("--can", "zero", "disk0", 0)]
    [InlineData("--can", "fast-zero", "disk0", 0)]
    [InlineData("--can", "cache", "disk0", 0)]
    [InlineData("--can", "write", "disk0", 0)]
    [InlineData("--can", "write", "ro", 2)]
    [InlineData("--can", "flush", "ro", 0)]
    [InlineData("--is", "read-only", "ro", 0)]
    [InlineData("--is", "read-only", "disk0", 2)]
    [InlineData("--is", "rotational", "disk0", 2)]
    [InlineData("--is", "tls", "disk0", 2)]
    public async Task It_answers_one_question(string verb, string question, string export, int exitCode)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        foreach (Transport transport in Enum.GetValues<Transport>())
        {
            ProgramRun run = await ProgramRun.StartAsync("nbdinfo", verb, question, server.Uri(transport, export));
            Assert.True(run.ExitCode == exitCode, run.Everything);
        }
    }

    [Fact]
    public async Task An_unknown_export_is_refused()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.StartAsync("nbdinfo", server.Uri(Transport.Tcp, "nosuch"));
        Assert.True(run.ExitCode == 1 && run.Errors.Contains("nosuch", StringComparison.Ordinal), run.Everything);
    }
}

using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>libnbd from Python, the installed one and a newer: each script says what it tries.</summary>
public sealed class LibnbdTests
{
    [Theory]
    [InlineData(Transport.Tcp, false)]
    [InlineData(Transport.Unix, false)]
    [InlineData(Transport.Tcp, true)]
    public async Task Several_connections_every_command_and_every_error(Transport transport, bool isNewer)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        await LibnbdScript.RunAsync(isNewer, "libnbd_client.py", server.Uri(transport), server.Uri(transport, LiveServer.ReadOnlyName));
    }

    [Theory]
    [InlineData(Transport.Tcp, false)]
    [InlineData(Transport.Unix, false)]
    [InlineData(Transport.Unix, true)]
    public async Task What_is_forbidden_gets_its_error_and_a_sentence_and_the_session_goes_on(Transport transport, bool isNewer)
    {
        await using LiveServer server = await LiveServer.StartAsync();
        await using LiveServer grid = await LiveServer.StartAsync(minBlockBytes: 4096);
        await LibnbdScript.RunAsync(
            isNewer, "libnbd_forbidden.py", server.Uri(transport), server.Uri(transport, LiveServer.ReadOnlyName), grid.Uri(transport));
    }

    [Fact]
    public async Task Nbdsh_says_which_error_it_was()
    {
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.StartAsync(
            await LibnbdScript.FindPythonAsync(), "-m", "nbd", "-u", server.Uri(Transport.Tcp, LiveServer.ReadOnlyName),
            "-c", "h.set_strict_mode(0)", "-c", "h.pwrite(b'x', 0)");
        Assert.True(run.ExitCode == 1 && run.Errors.Contains("Operation not permitted", StringComparison.Ordinal), run.Everything);
    }
}

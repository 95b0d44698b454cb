using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>libnbd from Python: libnbd_client.py says what it tries.</summary>
public sealed class LibnbdTests
{
    // libnbd's module belongs to the distribution's Python, whatever stands earlier in PATH.
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Several_connections_every_command_and_every_error(Transport transport)
    {
        Tool.RequireThat(File.Exists(Python), $"{Python} is not there");
        Tool.RequireThat((await ProgramRun.StartAsync(Python, "-c", "import nbd")).ExitCode == 0, "python3-libnbd is not installed");
        await using LiveServer server = await LiveServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync(
            Python, Path.Combine(AppContext.BaseDirectory, "Programs", "libnbd_client.py"), server.Uri(transport),
            server.Uri(transport, LiveServer.ReadOnlyName));
        Assert.True(run.Output.Trim() == "fine", run.Everything);
    }
}

using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>LISTEN_FDS that is wrong, or not for us; the right one is tried with foreign programs.</summary>
public sealed class SocketActivationTests
{
    // The shell becomes the server, so that LISTEN_PID can be its own.
    private const string Become = "exec 3</dev/null; export LISTEN_PID=$$; exec \"$@\"";

    [Theory]
    [InlineData("1", "descriptor 3 is not a listening stream socket")]
    [InlineData("65", "'65' is not a number")]
    [InlineData("-1", "'-1' is not a number")]
    [InlineData("one", "'one' is not a number")]
    public async Task What_is_no_listening_socket_is_refused(string count, string why)
    {
        using ChildServer server = ChildServer.Run("/bin/sh", ["-c", $"export LISTEN_FDS={count}; {Become}", "sh", ChildServer.Program]);
        (int exitCode, string errors) = await server.EndAsync();
        Assert.Equal(2, exitCode);
        Assert.StartsWith("blockemu-server: LISTEN_FDS: ", errors, StringComparison.Ordinal);
        Assert.Contains(why, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LISTEN_FDS=1 LISTEN_PID=1")]
    [InlineData("LISTEN_FDS=1 LISTEN_PID=x")]
    [InlineData("LISTEN_FDS=1")]
    public async Task What_is_meant_for_another_process_is_ignored(string variables)
    {
        using ChildServer server = ChildServer.Run(
            "/bin/sh",
            ["-c", $"exec env {variables} \"$@\"", "sh", ChildServer.Program, "--nbd", "127.0.0.1:0", "--admin", "none"]);
        using StreamReader output = new(server.Wire);
        Assert.Equal("BlockEmu serves", await output.ReadLineAsync(TestContext.Current.CancellationToken));
        await server.SignalAsync("TERM");
        Assert.Equal((0, ""), await server.EndAsync());
    }
}

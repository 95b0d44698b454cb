using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>fio's nbd engine: many in flight, several jobs, every block checked.</summary>
public sealed class FioTests
{
    [Theory]
    [InlineData(Transport.Tcp, "randwrite")]
    [InlineData(Transport.Tcp, "randrw")]
    [InlineData(Transport.Unix, "randwrite")]
    [InlineData(Transport.Unix, "randrw")]
    public async Task It_verifies_what_it_wrote(Transport transport, string pattern)
    {
        await RequireEngineAsync();
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();

        // Each job has a connection and a range of its own.
        ProgramRun run = await ProgramRun.SucceedAsync(
            "fio", "--name=verify", "--ioengine=nbd", $"--uri={server.Uri(transport)}", $"--rw={pattern}",
            "--bsrange=512-64k", "--blockalign=512", "--iodepth=16", "--numjobs=3", "--size=8M",
            "--offset_increment=8M", "--fsync=64", "--verify=crc32c", "--verify_fatal=1", "--do_verify=1",
            "--randseed=5", "--thread", $"--aux-path={folder.Path}");
        Assert.DoesNotContain("verify: bad", run.Everything, StringComparison.Ordinal);
    }

    private static async Task RequireEngineAsync()
    {
        ProgramRun engines = await ProgramRun.SucceedAsync("fio", "--enghelp");
        Tool.RequireThat(engines.Output.Split('\n').Any(line => line.Trim() == "nbd"), "this fio was built without its nbd engine");
    }
}

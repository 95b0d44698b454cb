using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>fio's nbd engine: many in flight, several jobs, every block checked.</summary>
public sealed class FioTests
{
    [Theory]
    [InlineData(Transport.Tcp, "randwrite", 1, "--verify=crc32c")]
    [InlineData(Transport.Tcp, "randrw", 8, "--verify=crc32c")]
    [InlineData(Transport.Tcp, "write", 8, "--verify=pattern", "--verify_pattern=0xb10c%o")]
    [InlineData(Transport.Unix, "randwrite", 8, "--verify=crc32c")]
    [InlineData(Transport.Unix, "randrw", 1, "--verify=crc32c")]
    [InlineData(Transport.Unix, "randwrite", 1, "--verify=pattern", "--verify_pattern=0xb10c%o")]
    public async Task It_verifies_what_it_wrote(Transport transport, string pattern, int jobs, params string[] verify)
    {
        await RequireEngineAsync();
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();

        // Each job has a connection and a range of its own.
        ProgramRun run = await ProgramRun.SucceedAsync(
            "fio",
            [
                "--name=verify", "--ioengine=nbd", $"--uri={server.Uri(transport)}", $"--rw={pattern}",
                "--bsrange=512-64k", "--blockalign=512", "--iodepth=16", $"--numjobs={jobs}", "--size=8M",
                "--offset_increment=8M", "--fsync=64", "--verify_fatal=1", "--do_verify=1", "--randseed=5", "--thread",
                $"--aux-path={folder.Path}", .. verify,
            ]);
        Assert.DoesNotContain("verify: bad", run.Everything, StringComparison.Ordinal);
    }

    private static async Task RequireEngineAsync()
    {
        ProgramRun engines = await ProgramRun.SucceedAsync("fio", "--enghelp");
        Tool.RequireThat(engines.Output.Split('\n').Any(line => line.Trim() == "nbd"), "this fio was built without its nbd engine");
    }
}

using BlockEmu.Cli;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary><c>blockemu probe</c> on servers of others, which are killed with SIGKILL where a disk would lose its power.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Socket => _folder.File("sock");

    private string PidFile => _folder.File("pid");

    public void Dispose()
    {
        ProgramRun.StartAsync("sh", "-c", $"kill -9 $(cat {PidFile})").GetAwaiter().GetResult();
        _folder.Dispose();
    }

    [Fact]
    public Task A_memory_behind_nbdkit_says_that_it_flushes_and_keeps_nothing() => FindsAsync(
        "memory 32M", """{ "flush": "broken", "fua": "broken", "contract": "broken", "cache": "yes", "readersBesideReaders": "yes" }""");

    [Fact]
    public async Task A_file_behind_nbdkit_outlives_the_server_with_all_that_was_answered()
    {
        await ProgramRun.SucceedAsync("truncate", "-s", "32M", _folder.File("image"));
        await FindsAsync(
            $"file {_folder.File("image")}",
            """{ "flush": "honoured", "fua": "honoured", "contract": "kept", "cache": "not seen", "cutUnitBytes": "untested" }""");
    }

    [Fact]
    public async Task A_file_behind_qemu_nbd_outlives_the_server_too()
    {
        await ProgramRun.SucceedAsync("truncate", "-s", "32M", _folder.File("image"));
        Tool.Find("qemu-nbd");
        await FindsOfAsync(
            $"qemu-nbd --fork --persistent --shared=5 --socket={Socket} --pid-file={PidFile} --format=raw {_folder.File("image")}", "",
            $"kill -9 $(cat {PidFile}) && rm {Socket} {PidFile}",
            """{ "readersBesideWriters": "yes", "flush": "honoured", "fua": "honoured", "contract": "kept", "cache": "not seen" }""");
    }

    [Fact]
    public async Task A_file_behind_nbd_server_outlives_it_too()
    {
        await ProgramRun.SucceedAsync("truncate", "-s", "32M", _folder.File("image"));
        string configuration = _folder.File("configuration");
        await File.WriteAllTextAsync(configuration, $"""
            [generic]
             unixsock = {Socket}
            [disk0]
             exportname = {_folder.File("image")}
             flush = true
             fua = true
            """);
        Tool.Find("nbd-server");

        // It answers each client in a process of its own.
        await FindsOfAsync(
            $"nbd-server -C {configuration} -p {PidFile}; while ! test -S {Socket}; do sleep 0.02; done", "disk0",
            $"p=$(cat {PidFile}); kill -9 $(ps -o pid= --ppid $p) $p; rm {Socket} {PidFile}",
            """{ "readersBesideWriters": "yes", "flush": "honoured", "fua": "honoured", "contract": "kept", "cache": "not seen" }""");
    }

    private Task FindsAsync(string plugin, string expected)
    {
        Tool.Find("nbdkit");
        return FindsOfAsync(
            $"nbdkit -U {Socket} -P {PidFile} {plugin}", "", $"kill -9 $(cat {PidFile}) && rm {Socket} {PidFile}", expected);
    }

    private async Task FindsOfAsync(string start, string export, string cut, string expected)
    {
        await ProgramRun.SucceedAsync("sh", "-c", start);
        string file = _folder.File("expected.json");
        await File.WriteAllTextAsync(file, expected);
        string[] arguments =
        [
            "probe", $"nbd+unix:///{export}?socket={Socket}", "--destroy-data", "--expect", file, "--seconds", "0.2", "--span", "32M", "--largest", "64K",
            "--largest-cut", "64K", "--cuts", "3", "--cut-command", cut, "--restore-command", start,
        ];
        using StringWriter output = new();
        using StringWriter errors = new();
        int exit = await CliProgram.RunAsync(arguments, output, errors, static _ => null);
        Assert.True(exit == ExitCodes.Fine, $"exit {exit}: {errors}{output}");
    }
}

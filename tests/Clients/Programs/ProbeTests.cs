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

    private async Task FindsAsync(string plugin, string expected)
    {
        string start = $"nbdkit -U {Socket} -P {PidFile} {plugin}";
        Tool.Find("nbdkit");
        await ProgramRun.SucceedAsync("sh", "-c", start);
        string file = _folder.File("expected.json");
        await File.WriteAllTextAsync(file, expected);
        string[] arguments =
        [
            "probe", $"nbd+unix:///?socket={Socket}", "--destroy-data", "--expect", file, "--seconds", "0.2", "--span", "32M", "--largest", "64K",
            "--largest-cut", "64K", "--cuts", "3", "--cut-command", $"kill -9 $(cat {PidFile}) && rm {Socket} {PidFile}", "--restore-command", start,
        ];
        using StringWriter output = new();
        using StringWriter errors = new();
        int exit = await CliProgram.RunAsync(arguments, output, errors, static _ => null);
        Assert.True(exit == ExitCodes.Fine, $"exit {exit}: {errors}{output}");
    }
}

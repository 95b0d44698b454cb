using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>The built program under what a shell, a supervisor or a full host does to it.</summary>
public sealed class ProcessTests : IDisposable
{
    private const int SigHup = 1;

    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("--help", ">&-", "standard output is closed")]
    [InlineData("--version", ">&-", "standard output is closed")]
    [InlineData("--help", ">/dev/full", "No space left")]
    [InlineData("--version", ">/dev/full", "No space left")]
    [InlineData("--help", "2>&- >/dev/full", "")]
    [InlineData("--help", "<&- >&- 2>&-", "")]
    public async Task What_cannot_be_said_is_one_line_and_exit_1(string arguments, string redirection, string said)
    {
        (int exit, string output, string errors) = await ShellAsync($"'{ChildServer.Program}' {arguments} {redirection}");
        Assert.Equal(1, exit);
        Assert.Equal("", output);
        Assert.Equal(said.Length > 0 ? 1 : 0, errors.Count(static c => c == '\n'));
        Assert.Contains(said, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">&-")]
    [InlineData(">/dev/full")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData(">/dev/full 2>/dev/full")]
    public async Task It_serves_without_standard_streams_and_writes_none_of_its_words_into_the_image(string redirection)
    {
        string image = _folder.File("image");
        string socket = _folder.File("nbd.sock");
        using Process process = Start(
            $"exec '{ChildServer.Program}' --nbd 'unix:{socket}' --admin none --disk 'size=64K,medium=file:{image}' {redirection}");
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await ConnectAsync(socket, process);
        await SignalAsync(process, "TERM");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (process.ExitCode, redirection.Contains("2>", StringComparison.Ordinal) ? await errors : ""));
        Assert.False(redirection.Contains('>', StringComparison.Ordinal) && (await output).Contains("Unhandled", StringComparison.Ordinal));
        Assert.Equal(new byte[64 << 10], await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Signals_that_mean_nothing_to_it_do_nothing()
    {
        using Process process = Start($"exec '{ChildServer.Program}' --nbd 127.0.0.1:0 --admin none");
        Assert.Equal("BlockEmu serves", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        foreach (string signal in (string[])["USR1", "USR2", "ALRM", "VTALRM", "PROF", "29", "PWR", "16", "PIPE", "TTIN", "TTOU", "40", "64"])
        {
            await SignalAsync(process, signal);
        }

        await SignalAsync(process, "HUP");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Under_nohup_a_closed_terminal_does_not_end_it()
    {
        using Process process = Start($"trap '' HUP; exec '{ChildServer.Program}' --nbd 127.0.0.1:0 --admin none");
        Assert.Equal("BlockEmu serves", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        string ignored = File.ReadAllLines($"/proc/{process.Id}/status").Single(static l => l.StartsWith("SigIgn:", StringComparison.Ordinal));
        Assert.Equal(1ul, Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) >> (SigHup - 1) & 1);
        await SignalAsync(process, "TERM");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(255)]
    public async Task Too_few_descriptors_are_one_line_that_says_how_many_it_needs(int limit)
    {
        (int exit, string output, string errors) = await ShellAsync($"ulimit -n {limit}; '{ChildServer.Program}' --nbd none --admin none");
        Assert.Equal((2, ""), (exit, output));
        Assert.StartsWith("blockemu-server: the limit of open files", errors, StringComparison.Ordinal);
        Assert.Contains("at least 256", errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(static c => c == '\n'));
    }

    [Theory]
    [InlineData("--admin none --admin", "--admin: needs a value")]
    [InlineData("--admin none --nbd", "--nbd: needs a value")]
    [InlineData("--nbd none --admin=", "--admin: needs a value")]
    [InlineData("--disk size=1M --disk --nbd none", "--disk: needs a value")]
    [InlineData("--config --nbd none", "--config: needs a value")]
    [InlineData("--nbd none --admin none --admin none", "--admin")]
    [InlineData("--admin-host '' --nbd none", "--admin-host: ")]
    [InlineData("--disk name=. --nbd none", "neither '.' nor '..'")]
    [InlineData("--disk size=1M,name=.. --nbd none", "neither '.' nor '..'")]
    [InlineData("--stdio <&-", "standard input is closed")]
    [InlineData("--stdio >&-", "standard output is closed")]
    [InlineData("--nbd 0.0.0.0:1 --nbd '[::]:1' --admin none", "IPv4's too")]
    [InlineData("--nbd 127.0.0.1:1 --admin 127.0.0.1:1", "the same address")]
    [InlineData("--nbd unix:a --admin unix:./a", "the same socket")]
    public async Task What_nobody_means_is_one_line_and_exit_2(string arguments, string said)
    {
        (int exit, string output, string errors) = await ShellAsync($"'{ChildServer.Program}' {arguments}");
        Assert.Equal((2, ""), (exit, output));
        Assert.Contains(said, errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(static c => c == '\n'));
    }

    [Theory]
    [InlineData("--nbd")]
    [InlineData("--nvme")]
    [InlineData("--admin")]
    public async Task An_address_in_use_is_one_line_and_exit_2(string option)
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        string others = string.Join(' ', new[] { "--nbd", "--admin" }.Where(o => o != option).Select(static o => $"{o} none"));
        (int exit, _, string errors) = await ShellAsync($"'{ChildServer.Program}' {option} {taken.LocalEndPoint} {others}");
        Assert.Equal(2, exit);
        Assert.Equal($"blockemu-server: {option}: cannot listen on {taken.LocalEndPoint}: Address already in use\n", errors);
    }

    [Theory]
    [InlineData("--nbd", "none", "--admin")]
    [InlineData("--admin", "none", "--nbd")]
    public async Task A_path_that_is_no_socket_is_one_line_and_stays(string other, string none, string option)
    {
        string path = _folder.Write("plain", "mine");
        (int exit, _, string errors) = await ShellAsync($"'{ChildServer.Program}' {other} {none} {option} 'unix:{path}'");
        Assert.Equal(2, exit);
        Assert.StartsWith($"blockemu-server: {option}: ", errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(static c => c == '\n'));
        Assert.Equal("mine", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task ConnectAsync(string path, Process process)
    {
        while (!process.HasExited)
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task<(int Exit, string Output, string Errors)> ShellAsync(string command)
    {
        using Process process = Start(command);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await errors);
    }

    private Process Start(string command) => Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
    {
        UseShellExecute = false,
        WorkingDirectory = _folder.Path,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}

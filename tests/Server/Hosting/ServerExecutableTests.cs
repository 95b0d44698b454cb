using System.Diagnostics;
using System.Globalization;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>The program as it is built, in a process of its own.</summary>
public sealed class ServerExecutableTests
{
    [Theory]
    [InlineData("--disk size=12Q", "--disk: size")]
    [InlineData("--disk size=513", "--disk: size")]
    [InlineData("--nosuch", "--nosuch")]
    [InlineData("--admin 0.0.0.0:0", "--admin")]
    [InlineData("--disk medium=file:/nonexistent/image --admin none --nbd none", "medium")]
    public async Task A_wrong_option_is_exit_2_and_one_line(string arguments, string named)
    {
        using Process process = Start(arguments.Split(' '));
        string errors = await process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(2, process.ExitCode);
        Assert.Equal("", output);
        Assert.Equal(1, errors.Count(c => c == '\n'));
        Assert.StartsWith("blockemu-server: ", errors, StringComparison.Ordinal);
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_in_order(string signal)
    {
        using Process process = Start("--nbd", "127.0.0.1:0", "--admin", "127.0.0.1:0");
        string first = (await process.StandardOutput.ReadLineAsync())!;
        Assert.Equal("BlockEmu serves", first);
        await SignalAsync(process, signal);
        string rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Contains("seed", rest, StringComparison.Ordinal);
        Assert.Equal("", await process.StandardError.ReadToEndAsync());
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "blockemu-server"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}

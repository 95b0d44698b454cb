using System.Runtime.InteropServices;
using BlockEmu.Server.Hosting.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace BlockEmu.Server.Hosting;

/// <summary>The program <c>blockemu-server</c>: options in, exit code out.</summary>
internal static class ServerProgram
{
    public const int ExitFine = 0;
    public const int ExitFailed = 1;
    public const int ExitUsage = 2;

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            ServerOptions? options = new CommandLine().Parse(arguments, output);
            return options is null ? ExitFine : await ServeAsync(options, output);
        }
        catch (StartupException e)
        {
            foreach (string fault in e.Faults)
            {
                await errors.WriteLineAsync($"blockemu-server: {fault}");
            }

            return ExitUsage;
        }
    }

    private static async Task<int> ServeAsync(ServerOptions options, TextWriter output)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using ILoggerFactory loggers = CreateLoggers();
        await using ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, loggers);
        await output.WriteAsync(AttachText.Write(host));
        await output.FlushAsync();
        await stop.Task;
        return await host.StopAsync() ? ExitFine : ExitFailed;

        // The first signal asks for an orderly end; the second takes its default course, which ends the process.
        void Ask(PosixSignalContext context) => context.Cancel = stop.TrySetResult();
    }

    private static ILoggerFactory CreateLoggers() => LoggerFactory.Create(static builder =>
    {
        builder.SetMinimumLevel(LogLevel.Warning);
        builder.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(static o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}

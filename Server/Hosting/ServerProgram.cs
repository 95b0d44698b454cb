using System.Net.Sockets;
using System.Runtime.InteropServices;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Transport;
using Microsoft.Extensions.Logging.Console;

namespace BlockEmu.Server.Hosting;

/// <summary>The program <c>blockemu-server</c>: options in, exit code out.</summary>
internal static class ServerProgram
{
    public const int ExitFine = 0;
    public const int ExitFailed = 1;
    public const int ExitUsage = 2;

    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="openOutput">Standard output; opened only when there is something to say on it.</param>
    /// <param name="errors">Standard error.</param>
    public static async Task<int> RunAsync(string[] arguments, Func<TextWriter> openOutput, TextWriter errors)
    {
        try
        {
            IReadOnlyList<Socket> handedOver = SocketActivation.Take();
            using StringWriter answer = new();
            ServerOptions? options = new CommandLine().Parse(arguments, answer, handedOver);
            if (options is null)
            {
                await openOutput().WriteAsync(answer.ToString());
                return ExitFine;
            }

            return await ServeAsync(options, openOutput, errors);
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

    private static async Task<int> ServeAsync(ServerOptions options, Func<TextWriter> openOutput, TextWriter errors)
    {
        TaskCompletionSource stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using ClientLink? onlyClient = options.IsStdio ? StandardStreams.Take() : null;
        using ILoggerFactory loggers = CreateLoggers();
        using ReadyFile? readyFile = ReadyFile.Prepare(options.ReadyFile);
        await using ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, loggers);
        await TellAsync(host, options, openOutput, errors);
        readyFile?.Write(host);
        using CancellationTokenSource ended = new();
        Task parentEnds = ParentWatch.WaitForEndAsync(options.ExitsWithParent, TimeProvider.System, ended.Token);
        await (onlyClient is null ? Task.WhenAny(stop.Task, parentEnds) : Task.WhenAny(stop.Task, parentEnds, host.ServeAsync(onlyClient)));
        await ended.CancelAsync();
        return await host.StopAsync() ? ExitFine : ExitFailed;

        // The first signal asks for an orderly end; the second takes its default course, which ends the process.
        void Ask(PosixSignalContext context) => context.Cancel = stop.TrySetResult();
    }

    /// <summary>A program that started us for itself owns standard output, or is behind it; it hears of HTTP only.</summary>
    private static async Task TellAsync(
        ServerHost host, ServerOptions options, Func<TextWriter> openOutput, TextWriter errors)
    {
        if (!options.IsStartedByClient)
        {
            TextWriter output = openOutput();
            await output.WriteAsync(AttachText.Write(host));
            await output.FlushAsync();
        }
        else if (host.AdminEndpoint is not null)
        {
            await errors.WriteAsync(AttachText.Write(host));
        }
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

using System.Net.Sockets;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Transport;
using BlockEmu.Shell;

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
        errors = TextWriter.Synchronized(errors);
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
                await errors.WriteLineAsync($"blockemu-server: {PrintableText.Escape(fault)}");
            }

            return ExitUsage;
        }
        catch (OutputException e)
        {
            await errors.WriteLineAsync($"blockemu-server: {e.Message}");
            return ExitFailed;
        }
    }

    private static async Task<int> ServeAsync(ServerOptions options, Func<TextWriter> openOutput, TextWriter errors)
    {
        using ErrorLog log = new(errors, TimeProvider.System);
#pragma warning disable CA2000 // Not given back: a signal that comes while the process ends is no reason to end it otherwise.
        EndSignals signals = EndSignals.Watch(TimeProvider.System, line => log.Tell($"blockemu-server: {line}"));
#pragma warning restore CA2000
        using ClientLink? onlyClient = options.IsStdio ? StandardStreams.Take() : null;
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Warning).AddProvider(log));
        ParentWatch parent = ParentWatch.Begin(options.ExitsWithParent);
        using ReadyFile? readyFile = ReadyFile.Prepare(options.ReadyFile);
        await using ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, loggers);
        await TellAsync(host, options, openOutput, errors);
        if (readyFile is not null)
        {
            await readyFile.WriteAsync(host);
        }

        using CancellationTokenSource ended = new();
        Task parentEnds = parent.WaitForEndAsync(TimeProvider.System, ended.Token);
        await (onlyClient is null ? Task.WhenAny(signals.Asked, parentEnds) : Task.WhenAny(signals.Asked, parentEnds, host.ServeAsync(onlyClient)));
        await ended.CancelAsync();
        return await host.StopAsync() ? ExitFine : ExitFailed;
    }

    /// <summary>A program that started us for itself owns standard output, or is behind it; it hears of HTTP only.</summary>
    private static async Task TellAsync(
        ServerHost host, ServerOptions options, Func<TextWriter> openOutput, TextWriter errors)
    {
        if (!options.IsStartedByClient)
        {
            try
            {
                TextWriter output = openOutput();
                await output.WriteAsync(AttachText.Write(host));
                await output.FlushAsync();
            }
            catch (OutputException e)
            {
                // Clients know where to go without it.
                await errors.WriteLineAsync($"blockemu-server: {e.Message}; it serves all the same");
            }
        }
        else if (host.AdminEndpoint is not null)
        {
            await errors.WriteAsync(AttachText.Write(host));
        }
    }
}

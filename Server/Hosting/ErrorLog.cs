using System.Collections.Concurrent;
using System.Globalization;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting;

/// <summary>The log on standard error: one line for each message, whatever stands in it, written by a thread of its own. A reader that
/// stalls holds nobody up: lines beyond the queue are dropped, and their number is said.</summary>
internal sealed class ErrorLog : ILoggerProvider
{
    private const int QueuedLines = 2048;

    // How long the end of the program may wait for whoever reads standard error.
    private static readonly TimeSpan s_lastLines = TimeSpan.FromSeconds(1);

#pragma warning disable CA2213 // Not disposed of: its thread may be in the middle of a write that never ends; the other is not ours.
    private readonly BlockingCollection<string> _lines = new(QueuedLines);
    private readonly TextWriter _errors;
#pragma warning restore CA2213
    private readonly TimeProvider _time;
    private readonly Thread _writing;
    private long _dropped;

    public ErrorLog(TextWriter errors, TimeProvider time)
    {
        _errors = errors;
        _time = time;
        _writing = new Thread(WriteAll) { IsBackground = true, Name = "log" };
        _writing.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <summary>Says a line of the program itself; never waits.</summary>
    public void Tell(string line)
    {
        try
        {
            if (!_lines.TryAdd(PrintableText.Escape(line)))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
        catch (InvalidOperationException)
        {
            // The log has ended: a signal, or a thread of HTTP's, that came later than all else.
        }
    }

    public void Dispose()
    {
        if (!_lines.IsAddingCompleted)
        {
            _lines.CompleteAdding();
            _writing.Join(s_lastLines);
        }
    }

    private void WriteAll()
    {
        foreach (string line in _lines.GetConsumingEnumerable())
        {
            _errors.WriteLine(line);
            if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
            {
                _errors.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"blockemu-server: {dropped} lines of the log were dropped: standard error was not read"));
            }
        }
    }

    private void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
    {
        string time = _time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        string message = PrintableText.Escape(format(state, exception));
        string details = exception is null ? "" : $" {PrintableText.Escape(exception.ToString().ReplaceLineEndings(" "))}";
        Tell(string.Create(CultureInfo.InvariantCulture, $"{time} {Word(level)}[{id.Id}] {message}{details}"));
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce: ",
        LogLevel.Debug => "dbug: ",
        LogLevel.Information => "info: ",
        LogLevel.Warning => "warn: ",
        LogLevel.Error => "fail: ",
        _ => "crit: ",
    };

    private sealed class Logger(ErrorLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Log(logLevel, eventId, state, exception, formatter);
    }
}

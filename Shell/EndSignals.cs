using System.Globalization;
using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>Signals as a server takes them.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><description><c>SIGTERM</c>, <c>SIGINT</c>, <c>SIGHUP</c>, <c>SIGQUIT</c>, <c>SIGXCPU</c>: an orderly end. One that was ignored when the
/// program began stays ignored (<c>nohup</c>, a shell's background jobs).</description></item>
/// <item><description>Another of them while it ends: within <see cref="Patience"/> it is taken for the same wish, as supervisors,
/// <c>timeout</c> and process groups send two; later it takes its default course and ends the process at once. <c>SIGINT</c> from the
/// terminal counts at any time.</description></item>
/// <item><description><c>SIGUSR1</c>, <c>SIGUSR2</c>, <c>SIGALRM</c>, <c>SIGVTALRM</c>, <c>SIGPROF</c>, <c>SIGIO</c>, <c>SIGPWR</c>,
/// <c>SIGSTKFLT</c>, the real-time signals, and <c>SIGTTIN</c> and <c>SIGTTOU</c>: ignored.</description></item>
/// </list>
/// </remarks>
public sealed class EndSignals : IDisposable
{
    /// <summary>How long after the first another one says nothing new.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private const int CpuTimeExceeded = 24;
    private const int FirstRealTime = 34;
    private const int LastRealTime = 64;

    // SIGUSR1, SIGUSR2, SIGALRM, SIGSTKFLT, SIGTTIN, SIGTTOU, SIGVTALRM, SIGPROF, SIGIO, SIGPWR.
    private static readonly int[] s_meaningless = [10, 12, 14, 16, 21, 22, 26, 27, 29, 30];

    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;

    // Protects the moment of the first signal.
    private readonly Lock _gate = new();
    private long? _askedAt;

    /// <summary>For tests: takes no signal by itself.</summary>
    internal EndSignals(TimeProvider time, Action<string> tell)
    {
        _time = time;
        _tell = tell;
    }

    /// <summary>Completes at the first signal that asks for the end.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Takes the process' signals from here on.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Says a line to the operator; it must not wait for anybody.</param>
    public static EndSignals Watch(TimeProvider time, Action<string> tell)
    {
        SignalMasks now = SignalMasks.Read();
        EndSignals signals = new(time, tell);
        signals.Register(now, PosixSignal.SIGTERM, "SIGTERM");
        signals.Register(now, PosixSignal.SIGINT, "SIGINT");
        signals.Register(now, PosixSignal.SIGHUP, "SIGHUP");
        signals.Register(now, PosixSignal.SIGQUIT, "SIGQUIT");
        signals.Register(now, (PosixSignal)CpuTimeExceeded, "SIGXCPU");
        foreach (int number in s_meaningless.Concat(Enumerable.Range(FirstRealTime, LastRealTime - FirstRealTime + 1)))
        {
            // What the runtime has taken for itself stays its own.
            if (now.IsDefault(number))
            {
                _ = LibC.Signal(number, LibC.IgnoreSignal);
            }
        }

        return signals;
    }

    /// <summary>One has come. False = it is to take its default course.</summary>
    internal bool Take(string name, bool isTyped)
    {
        lock (_gate)
        {
            if (_askedAt is not { } first)
            {
                _askedAt = _time.GetTimestamp();
                _asked.TrySetResult();
                return true;
            }

            if (isTyped || _time.GetElapsedTime(first) >= Patience)
            {
                return false;
            }
        }

        _tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: it ends already, in order; a signal more than {Patience.TotalSeconds:0} s after the first ends it at once, and what is cached is lost"));
        return true;
    }

    /// <summary>From here on they take their default course.</summary>
    public void Dispose() => _registrations.ForEach(static r => r.Dispose());

    private void Register(SignalMasks now, PosixSignal signal, string name)
    {
        if (!now.IsIgnored(signal))
        {
            _registrations.Add(PosixSignalRegistration.Create(
                signal, context => context.Cancel = Take(name, signal == PosixSignal.SIGINT && IsInForeground())));
        }
    }

    /// <summary>Whether keys typed at the terminal reach this process: then a SIGINT is taken for one.</summary>
    private static bool IsInForeground()
    {
        int terminal = LibC.Open("/dev/tty", LibC.ReadWrite);
        if (terminal < 0)
        {
            return false;
        }

        bool isForeground = LibC.GetForegroundGroup(terminal) == LibC.GetProcessGroup();
        _ = LibC.Close(terminal);
        return isForeground;
    }
}

using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Hosting;

/// <summary>Destages one disk when it is time: the disk has no clock. Does nothing, and has no timer, under policies that wait
/// for nothing but room.</summary>
internal sealed class DestageWorker(ServedDisk served, TimeProvider time) : IDisposable
{
    /// <summary>How often a disk with a rate is looked at.</summary>
    public static readonly TimeSpan RatePeriod = TimeSpan.FromMilliseconds(10);

    /// <summary>A disk is idle when no request arrived between two looks at it.</summary>
    public static readonly TimeSpan IdlePeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a medium that refused is left alone.</summary>
    public static readonly TimeSpan ErrorPause = TimeSpan.FromSeconds(1);

    /// <summary>Payload destaged between two looks at whether an idle disk is still idle.</summary>
    public const long IdleBatchBytes = 1 << 20;

    /// <summary>How much time a rate may make up for when looks come late.</summary>
    private const double MostSecondsBehind = 0.1;

    // Protects the policy and its timer; held by a look for as long as it takes, so that no two overlap.
    private readonly Lock _gate = new();
    private DestagePolicy _policy = DestagePolicy.Oldest;
    private ITimer? _timer;
    private volatile bool _isWanted; // by somebody who waits for the lock
    private bool _isDisposed;
    private long _lookedAt;
    private long _pausedSince;
    private bool _isPaused;
    private double _allowedBytes;
    private long _requests;

    /// <summary>The disk has this policy from now on.</summary>
    public void Follow(DestagePolicy policy)
    {
        _isWanted = true;
        lock (_gate)
        {
            _isWanted = false;
            _timer?.Dispose();
            _timer = null;
            _policy = policy;
            _lookedAt = time.GetTimestamp();
            _allowedBytes = 0;
            _isPaused = false;
            _requests = CountRequests();
            TimeSpan? period = policy.Kind switch
            {
                DestagePolicyKind.Rate => RatePeriod,
                DestagePolicyKind.Idle => IdlePeriod,
                _ => null,
            };
            if (period is { } every && !_isDisposed)
            {
                _timer = time.CreateTimer(static worker => ((DestageWorker)worker!).Look(), this, every, every);
            }
        }
    }

    /// <summary>No look begins, or goes on, once it returns.</summary>
    public void Dispose()
    {
        _isWanted = true;
        lock (_gate)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Look()
    {
        if (!_gate.TryEnter())
        {
            return; // the look before takes longer than a period
        }

        try
        {
            if (_timer is not null && !IsPausing())
            {
                Destage();
            }
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void Destage()
    {
        if (_policy.Kind == DestagePolicyKind.Rate)
        {
            DestageAtRate();
        }
        else
        {
            DestageWhileIdle();
        }
    }

    private void DestageAtRate()
    {
        long now = time.GetTimestamp();
        double seconds = Math.Min(time.GetElapsedTime(_lookedAt, now).TotalSeconds, MostSecondsBehind);
        _lookedAt = now;
        _allowedBytes += seconds * _policy.BytesPerSecond;
        if (_allowedBytes < 1)
        {
            return; // a large command has used up what is to come
        }

        DestageProgress progress;
        do
        {
            progress = served.Disk.Destage((long)_allowedBytes);
            _allowedBytes -= progress.Bytes;
        }
        while (progress.Commands == Disk.MaxDestageCommands && _allowedBytes >= 1 && !_isWanted);
        if (_allowedBytes > 0)
        {
            _allowedBytes %= 1; // there was no more to do: that saves nothing up
        }

        PauseAfter(progress.Status);
    }

    private void DestageWhileIdle()
    {
        DestageProgress progress;
        do
        {
            long requests = CountRequests();
            bool isIdle = requests == _requests;
            _requests = requests;
            if (!isIdle)
            {
                return;
            }

            progress = served.Disk.Destage(IdleBatchBytes);
        }
        while (progress.Commands > 0 && progress.Status == DiskStatus.Ok && !_isWanted);
        PauseAfter(progress.Status);
    }

    /// <summary>Requests that have arrived: those answered, and those that are not.</summary>
    private long CountRequests()
    {
        long requests = 0;
        foreach (ConnectionMeter meter in served.Meter.Read())
        {
            requests += meter.CountRequests();
        }

        return requests;
    }

    private void PauseAfter(DiskStatus status)
    {
        if (status is DiskStatus.MediumError or DiskStatus.MediumFull)
        {
            _isPaused = true;
            _pausedSince = time.GetTimestamp();
        }
    }

    private bool IsPausing()
    {
        _isPaused = _isPaused && time.GetElapsedTime(_pausedSince) < ErrorPause;
        return _isPaused;
    }
}

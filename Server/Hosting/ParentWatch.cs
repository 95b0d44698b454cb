using System.Runtime.InteropServices;

namespace BlockEmu.Server.Hosting;

/// <summary>Notices that the process that started this one is gone (<c>--exit-with-parent</c>).</summary>
/// <remarks>It asks for the parent's number a few times a second. The kernel's own signal (<c>PR_SET_PDEATHSIG</c>) would come as soon as
/// the thread that started this process ends, which in many programs is one of a pool.</remarks>
internal sealed partial class ParentWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    private readonly bool _isAsked;
    private readonly int _parent = GetParentId();

    private ParentWatch(bool isAsked) => _isAsked = isAsked;

    /// <summary>Begins before anybody is told that this process serves: whoever hears of it may be gone the next moment.</summary>
    public static ParentWatch Begin(bool isAsked) => new(isAsked);

    /// <summary>Completes once the parent is another one than at the beginning; when nobody asked for it, only with
    /// <paramref name="cancellation"/>.</summary>
    public async Task WaitForEndAsync(TimeProvider time, CancellationToken cancellation)
    {
        if (!_isAsked)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        using PeriodicTimer timer = new(s_interval, time);
        while (GetParentId() == _parent && !cancellation.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}

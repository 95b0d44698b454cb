using System.Runtime.InteropServices;

namespace BlockEmu.Server.Hosting;

/// <summary>Notices that the process that started this one is gone (<c>--exit-with-parent</c>).</summary>
/// <remarks>It asks for the parent's number a few times a second. The kernel's own signal (<c>PR_SET_PDEATHSIG</c>) would come as soon as
/// the thread that started this process ends, which in many programs is one of a pool.</remarks>
internal static partial class ParentWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Completes once the parent is another one than at the call; never when <paramref name="isAsked"/> is false.</summary>
    public static async Task WaitForEndAsync(bool isAsked, TimeProvider time, CancellationToken cancellation)
    {
        if (!isAsked)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        int parent = GetParentId();
        using PeriodicTimer timer = new(s_interval, time);
        while (GetParentId() == parent && !cancellation.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}

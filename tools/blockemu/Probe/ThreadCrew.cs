using System.Runtime.ExceptionServices;

namespace BlockEmu.Cli.Probe;

/// <summary>Threads that do one thing together.</summary>
internal static class ThreadCrew
{
    /// <summary>Runs the work once on each of so many threads and waits for all; the first failure is thrown here.</summary>
    public static void Run(int count, Action<int> work)
    {
        Exception? failure = null;
        Thread[] threads =
        [
            .. Enumerable.Range(0, count).Select(index => new Thread(() =>
            {
                try
                {
                    work(index);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, e, null);
                }
            })
            { IsBackground = true }),
        ];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}

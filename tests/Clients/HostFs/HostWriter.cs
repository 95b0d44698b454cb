using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>Writes files on a thread of its own, two of three with fsync, until the disk fails.</summary>
internal sealed class HostWriter : IDisposable
{
    private const int MaxFiles = 2000;

    private readonly Thread _thread;
    private readonly List<ulong> _fsynced = [];
    private readonly int _cutAt;
    private string _end = "it had written all";

    public HostWriter(string folder, ulong firstNumber, int cutAt)
    {
        _cutAt = cutAt;
        _thread = new Thread(() => Run(folder, firstNumber)) { IsBackground = true, Name = "host writer" };
        _thread.Start();
    }

    /// <summary>So many files are safe: time for the cut.</summary>
    public ManualResetEventSlim IsTime { get; } = new();

    /// <summary>Waits for the end; the files whose fsync had succeeded.</summary>
    public IReadOnlyList<ulong> Finish()
    {
        Assert.True(_thread.Join(LiveServer.Patience), "the writer does not notice that the disk is gone");
        Assert.True(_fsynced.Count >= _cutAt, $"only {_fsynced.Count} files were safe when the writer ended: {_end}");
        return _fsynced;
    }

    public void Dispose() => IsTime.Dispose();

    private void Run(string folder, ulong firstNumber)
    {
        try
        {
            for (ulong number = firstNumber; number < firstNumber + MaxFiles; number++)
            {
                bool sync = number % 3 != 0;
                HostFile.Write(folder, number, sync);
                if (sync)
                {
                    _fsynced.Add(number);
                }

                if (_fsynced.Count == _cutAt)
                {
                    IsTime.Set();
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _end = e.Message; // the power went, or so it should be
        }
        finally
        {
            IsTime.Set();
        }
    }
}

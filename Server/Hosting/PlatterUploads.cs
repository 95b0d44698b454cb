namespace BlockEmu.Server.Hosting;

/// <summary>The platters that are put onto one disk, one at a time. Any thread.</summary>
public sealed class PlatterUploads
{
    private long _steps;
    private int _isUnderWay;

    /// <summary>Moves when one begins, and when it ends.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Whether the platter is neither the old nor the new one just now.</summary>
    public bool IsUnderWay => Volatile.Read(ref _isUnderWay) != 0;

    /// <summary>False while another one is under way.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Exchange(ref _isUnderWay, 1) != 0)
        {
            return false;
        }

        Interlocked.Increment(ref _steps);
        return true;
    }

    /// <summary>The end of one that has begun.</summary>
    public void End()
    {
        Interlocked.Increment(ref _steps);
        Volatile.Write(ref _isUnderWay, 0);
    }
}

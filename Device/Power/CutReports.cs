namespace BlockEmu.Device.Power;

/// <summary>The newest reports of a disk, oldest first. Under its lock.</summary>
internal sealed class CutReports
{
    private readonly List<CutReport> _reports = [];

    /// <summary>How many there have been.</summary>
    public int Count { get; private set; }

    /// <summary>Those that are kept.</summary>
    public IReadOnlyList<CutReport> All => [.. _reports];

    /// <summary>Adds one; what older ones list is let go where all of it would be too much.</summary>
    public void Add(CutReport report)
    {
        Count++;
        _reports.Add(report);
        if (_reports.Count > Disk.MaxReports)
        {
            _reports.RemoveAt(0);
        }

        long entries = 0;
        for (int i = _reports.Count - 1; i >= 0; i--)
        {
            entries += _reports[i].Pending.Count;
            if (entries > Disk.MaxReportEntries && i < _reports.Count - 1)
            {
                _reports[i] = _reports[i] with { Pending = [], IsPendingDropped = true };
            }
        }
    }
}

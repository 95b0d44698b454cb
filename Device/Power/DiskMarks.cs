namespace BlockEmu.Device.Power;

/// <summary>The newest marks since the power returned, oldest first.</summary>
internal sealed class DiskMarks(DiskCore core)
{
    private readonly List<DiskMark> _marks = []; // under the core's gate

    /// <summary>Those that are kept. Under the disk's lock.</summary>
    public IReadOnlyList<DiskMark> All => [.. _marks];

    /// <summary>Sets one; the oldest is forgotten where there would be too many. <see cref="ArgumentException"/> for a text that is
    /// empty or too long, <see cref="PowerMoveException"/> when the disk is not on.</summary>
    public DiskMark Add(string text)
    {
        if (text.Length is 0 or > Disk.MaxMarkChars)
        {
            throw new ArgumentException($"text: a mark has 1 to {Disk.MaxMarkChars} characters", nameof(text));
        }

        lock (core.Gate)
        {
            if (core.State != PowerState.On)
            {
                throw new PowerMoveException($"disk {core.Options.Name} is off: a mark belongs to a running event log", core.State);
            }

            if (_marks.Count == Disk.MaxMarks)
            {
                _marks.RemoveAt(0);
            }

            DiskMark mark = new(core.Sequence, text);
            _marks.Add(mark);
            core.Events?.OnMark(mark);
            return mark;
        }
    }

    /// <summary>Forgets all. Under the disk's lock.</summary>
    public void Clear() => _marks.Clear();
}

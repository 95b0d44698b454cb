namespace BlockEmu.Device.Power;

/// <summary>Where among the steps flushes were accepted since the power returned: the borders of <c>epoch</c>, and what a flush
/// in progress covers.</summary>
internal sealed class FlushBorders
{
    /// <summary>Borders remembered at most; older ones are forgotten. A disk whose flushes succeed remembers hardly any.</summary>
    public const int MaxBorders = 65_536;

    private readonly List<long> _sequences = []; // ascending, each the newest step when a flush was accepted

    /// <summary>Acknowledgements before the newest flush was accepted. What is pending and was acknowledged by then waits for
    /// a flush that was not acknowledged as good: it is in progress, or it failed.</summary>
    public long CoveredOrder { get; private set; }

    /// <summary>A flush was accepted after step <paramref name="sequence"/> and <paramref name="acknowledgeOrder"/>
    /// acknowledgements; nothing up to <paramref name="newestRequired"/> can be lost any more.</summary>
    public void Accept(long sequence, long acknowledgeOrder, long newestRequired)
    {
        CoveredOrder = acknowledgeOrder;
        if (_sequences.Count > 0 && _sequences[^1] <= newestRequired)
        {
            _sequences.Clear();
        }

        if (sequence <= newestRequired || (_sequences.Count > 0 && _sequences[^1] == sequence))
        {
            return;
        }

        if (_sequences.Count == MaxBorders)
        {
            _sequences.RemoveAt(0);
        }

        _sequences.Add(sequence);
    }

    /// <summary>The borders after a step, ascending.</summary>
    public IReadOnlyList<long> After(long sequence) => _sequences.FindAll(s => s > sequence);

    /// <summary>The power returns.</summary>
    public void Clear()
    {
        _sequences.Clear();
        CoveredOrder = 0;
    }
}

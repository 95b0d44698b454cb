using BlockEmu.Device.Isolation;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Reads of a simulated disk: what is read at once shows the disk as it was at one moment of the read, all of it.</summary>
internal sealed class SimulatedReads(Disk disk, NaiveDisk naive)
{
    private readonly int _block = disk.Options.BlockSizeBytes;
    private readonly Stack<(SimulatedCommand Command, List<ulong[]> Moments)> _underWay = [];

    /// <summary>Something has happened between the steps of the reads that are under way, if any are.</summary>
    public void Look()
    {
        foreach ((SimulatedCommand command, List<ulong[]> moments) in _underWay)
        {
            moments.Add(Visible(command));
        }
    }

    public string? Read(in SimulatedCommand command)
    {
        IsolationRule isolation = disk.Options.Isolation; // the one it is accepted under
        byte[] bytes = new byte[command.Count * _block];
        List<ulong[]> moments = [Visible(command)];
        _underWay.Push((command, moments));
        DiskStatus status = disk.Read(disk.PowerEpoch, (long)command.First * _block, bytes);
        _underWay.Pop();
        if (status != DiskStatus.Ok)
        {
            return status == DiskStatus.PowerLost && disk.PowerState != Power.PowerState.On ? null : $"{status}";
        }

        ulong[] found = BlockContent.ReadAll(bytes, _block);
        for (int at = 0; at < found.Length;)
        {
            int count = moments.Count == 1 ? command.Count : CountAtOnce(isolation, command, at);
            if (!moments.Exists(moment => moment.AsSpan(at, count).SequenceEqual(found.AsSpan(at, count))))
            {
                return $"blocks {command.First + at}+{count} show {string.Join(',', found[at..(at + count)])}, "
                    + $"not {string.Join(" or ", moments.Select(m => string.Join(',', m[at..(at + count)])))}";
            }

            at += count;
        }

        return null;
    }

    private ulong[] Visible(in SimulatedCommand command)
    {
        ulong[] visible = new ulong[command.Count];
        for (int i = 0; i < visible.Length; i++)
        {
            visible[i] = naive.Visible(command.First + i);
        }

        return visible;
    }

    /// <summary>How many blocks from one on are surely read at once: by page where commands are cut at pages, one where they may be
    /// cut anywhere.</summary>
    private int CountAtOnce(IsolationRule isolation, in SimulatedCommand command, int at)
    {
        if (isolation.IsPlain)
        {
            return command.Count;
        }

        int perPage = isolation.IsByPage ? 4096 / _block : 1;
        return Math.Min(command.Count - at, perPage - ((command.First + at) % perPage));
    }
}

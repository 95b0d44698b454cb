namespace BlockEmu.Device.Cache;

/// <summary>Commands in sequence order.</summary>
internal sealed class PendingList
{
    public PendingCommand? Oldest { get; private set; }

    public PendingCommand? Newest { get; private set; }

    public int Count { get; private set; }

    public void Append(PendingCommand command)
    {
        command.List = this;
        command.Newer = null;
        command.Older = Newest;
        if (Newest is null)
        {
            Oldest = command;
        }
        else
        {
            Newest.Newer = command;
        }

        Newest = command;
        Count++;
    }

    public void Remove(PendingCommand command)
    {
        if (command.Older is null)
        {
            Oldest = command.Newer;
        }
        else
        {
            command.Older.Newer = command.Newer;
        }

        if (command.Newer is null)
        {
            Newest = command.Older;
        }
        else
        {
            command.Newer.Older = command.Older;
        }

        command.Older = command.Newer = null;
        command.List = null;
        Count--;
    }

    /// <summary>The newest command that a cut must keep, if that is newer than <paramref name="sequence"/>.</summary>
    public long NewestMustSurvive(long sequence)
    {
        for (PendingCommand? c = Newest; c is not null && c.Sequence > sequence; c = c.Older)
        {
            if (c.MustSurvive)
            {
                return c.Sequence;
            }
        }

        return sequence;
    }
}

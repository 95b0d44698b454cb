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
}

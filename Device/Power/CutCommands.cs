using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Power;

/// <summary>The pending commands of a cut, in sequence order, and what each of them still has live. The cache is frozen.</summary>
internal sealed class CutCommands
{
    private readonly DiskCore _core;
    private readonly List<LivePiece> _pieces = [];
    private readonly long _protectedFrom;

    public CutCommands(DiskCore core)
    {
        _core = core;
        All = InOrder(core.Cache);
        _protectedFrom = FindProtected(core);
        NewestRequired = core.Cache.Pending.Newest is { } newest && newest.Sequence >= _protectedFrom
            ? newest.Sequence
            : core.Cache.Pending.NewestMustSurvive(core.NewestRequired);
    }

    /// <summary>All of them, superseded ones too.</summary>
    public IReadOnlyList<PendingCommand> All { get; }

    /// <summary>The newest step that cannot be lost. What a half-failed destage may have touched, and what is in the protected
    /// cache, is as good as required: a prefix ends no earlier.</summary>
    public long NewestRequired { get; }

    /// <summary>Where flushes were accepted after that, ascending.</summary>
    public IReadOnlyList<long> FlushBorders => _core.FlushBorders.After(NewestRequired);

    /// <summary>Whether a command survives whatever the model says: a destage of it failed half way, or it is in the protected
    /// cache.</summary>
    public bool MustSurvive(PendingCommand command) => command.MustSurvive || command.Sequence >= _protectedFrom;

    /// <summary>Whether a flush that was not acknowledged as good covers a command.</summary>
    public bool IsFlushCovered(PendingCommand command) =>
        command.IsAcknowledged && command.AcknowledgeOrder <= _core.FlushBorders.CoveredOrder;

    /// <summary>Calls <paramref name="visit"/> with each live part of a command and its unit, ascending.</summary>
    public void Visit(PendingCommand command, Action<LivePiece, long> visit) => SurvivorWalk.Run(command, PiecesOf(command), visit);

    /// <summary>How many units of a command have a live block.</summary>
    public long CountUnits(PendingCommand command) => SurvivorWalk.CountUnits(command, PiecesOf(command));

    /// <summary>The unit with a live block at a position (0 = the first) among them.</summary>
    public long UnitAt(PendingCommand command, long position) => SurvivorWalk.UnitAt(command, PiecesOf(command), position);

    /// <summary>The live parts of a command, ascending; good until the next call.</summary>
    public List<LivePiece> PiecesOf(PendingCommand command)
    {
        LivePieces.Collect(command, _core.Cache, _core.Geometry, _pieces);
        return _pieces;
    }

    /// <summary>The oldest of the newest commands that the protected cache holds together.</summary>
    private static long FindProtected(DiskCore core)
    {
        long from = long.MaxValue;
        long left = core.ProtectedBytes;
        for (PendingCommand? c = left > 0 ? core.Cache.Pending.Newest : null; c is not null && c.LiveBytes <= left; c = c.Older)
        {
            left -= c.LiveBytes;
            from = c.Sequence;
        }

        return from;
    }

    private static List<PendingCommand> InOrder(WriteCache cache)
    {
        List<PendingCommand> commands = new(cache.Pending.Count + cache.Dead.Count);
        for (PendingCommand? c = cache.Pending.Oldest; c is not null; c = c.Newer)
        {
            commands.Add(c);
        }

        for (PendingCommand? c = cache.Dead.Oldest; c is not null; c = c.Newer)
        {
            commands.Add(c);
        }

        commands.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return commands;
    }
}

using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>The zero ranges of pending commands: big trims and writes of zeroes, each one record whatever its length.</summary>
internal sealed class PendingZeroes
{
    /// <summary>Zero ranges kept as history at most; a further one makes the oldest command persistent.</summary>
    public const int MaxRanges = 512;

    /// <summary>Pages with newer data over zero ranges, and pieces of zero ranges, remembered at most.</summary>
    public const int MaxClips = 65_536;

    private readonly List<PendingCommand> _commands = []; // ascending
    private int _clips;
    private int _pieces;

    /// <summary>Clipped pages and pieces of ranges that are remembered.</summary>
    public int RecordCount => _clips + _pieces;

    /// <summary>What a read sees of them.</summary>
    public ZeroMap Visible { get; } = new();

    /// <summary>Whether the oldest must go, before a command that is written through at once clips all of them on that many
    /// pages (0: no such command).</summary>
    public bool IsOverfull(long pagesWrittenThrough) =>
        _commands.Count > MaxRanges || RecordCount > MaxClips || _commands.Count * pagesWrittenThrough > MaxClips;

    /// <summary>Gives the newest command a zero range over whole pages.</summary>
    public void Add(PendingCommand command, long startPage, long endPage)
    {
        command.Zeroes = new ZeroRange(startPage, endPage);
        _commands.Add(command);
        _pieces++;
        Visible.Cover(startPage, endPage, command);
    }

    /// <summary>Lets a command's zero range go, if it has one.</summary>
    public void Remove(PendingCommand command)
    {
        if (command.Zeroes is not ZeroRange zeroes)
        {
            return;
        }

        Visible.Uncover(0, long.MaxValue, command);
        _clips -= zeroes.Clips.Count;
        _pieces -= zeroes.Live.Count;
        _commands.Remove(command);
        command.Zeroes = null;
    }

    /// <summary>Lets the range of a command go that is taken back: what it covered shows again.</summary>
    public void Withdraw(PendingCommand command)
    {
        if (command.Zeroes is null)
        {
            return;
        }

        Remove(command);
        Visible.Clear();
        foreach (PendingCommand other in _commands)
        {
            foreach (PageRange range in other.Zeroes!.Live.AsSpan())
            {
                Visible.Cover(range.Start, range.End, other);
            }
        }
    }

    /// <summary>Blocks of a page have become persistent in a version of that sequence number: older ranges are dead there.</summary>
    public void Clip(long page, byte mask, long sequence)
    {
        foreach (PendingCommand command in _commands)
        {
            if (command.Sequence >= sequence)
            {
                break;
            }

            if (command.Zeroes!.Live.Contains(page))
            {
                ref byte clip = ref CollectionsMarshal.GetValueRefOrAddDefault(command.Zeroes.Clips, page, out bool existed);
                clip |= mask;
                _clips += existed ? 0 : 1;
            }
        }
    }

    /// <summary>Whole pages have become persistent in a version of that sequence number; commands that are dead by it go
    /// into <paramref name="dead"/>.</summary>
    public void Supersede(PageRange range, long sequence, List<PendingCommand> dead)
    {
        foreach (PendingCommand command in _commands)
        {
            if (command.Sequence >= sequence)
            {
                break;
            }

            if (command.Zeroes!.Live.Count == 0)
            {
                continue;
            }

            _pieces -= command.Zeroes.Live.Count;
            command.Zeroes.Live.Subtract(range.Start, range.End);
            _pieces += command.Zeroes.Live.Count;
            if (!command.IsLive)
            {
                dead.Add(command);
            }
        }
    }
}

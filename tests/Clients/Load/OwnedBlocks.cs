namespace BlockEmu.Clients.Tests.Load;

/// <summary>Blocks that one client alone writes, and what that client knows about them from its replies: SEMANTICS 3 and 4
/// from outside.</summary>
/// <remarks>Never has two commands in flight on a block, so that the order of its versions is certain. Not thread-safe.</remarks>
internal sealed class OwnedBlocks
{
    private readonly List<ulong>[] _versions;
    private readonly int[] _replied;
    private readonly int[] _required;
    private readonly bool[] _isInFlight;

    /// <param name="firstBlock">Where they begin.</param>
    /// <param name="count">How many.</param>
    /// <param name="blockBytes">The logical block: the unit that a cut never tears.</param>
    public OwnedBlocks(int firstBlock, int count, int blockBytes)
    {
        FirstBlock = firstBlock;
        BlockBytes = blockBytes;
        _versions = [.. Enumerable.Range(0, count).Select(_ => new List<ulong> { Stamp.Zeroes })];
        _replied = new int[count];
        _required = new int[count];
        _isInFlight = new bool[count];
    }

    public int FirstBlock { get; }

    public int BlockBytes { get; }

    public int Count => _versions.Length;

    /// <summary>How many blocks a reply has made safe, for a test to show that it tested something.</summary>
    public int RequiredCount => _required.Count(index => index > 0);

    /// <summary>How many blocks from <paramref name="first"/> on (relative) no command is using, at most <paramref name="count"/>.</summary>
    public int CountFree(int first, int count)
    {
        int free = 0;
        while (free < count && first + free < Count && !_isInFlight[first + free])
        {
            free++;
        }

        return free;
    }

    /// <summary>A command on these blocks is about to be sent; a read changes nothing.</summary>
    public void Send(int first, int count, ulong? version)
    {
        for (int i = first; i < first + count; i++)
        {
            _isInFlight[i] = true;
            if (version is { } written)
            {
                _versions[i].Add(written);
            }
        }
    }

    /// <summary>Its success has arrived.</summary>
    public void Reply(int first, int count, bool isFua)
    {
        for (int i = first; i < first + count; i++)
        {
            _isInFlight[i] = false;
            _replied[i] = _versions[i].Count - 1;
            _required[i] = isFua ? _replied[i] : _required[i];
        }
    }

    /// <summary>What a flush that is sent now will cover.</summary>
    public int[] SendFlush() => [.. _replied];

    public void ReplyFlush(int[] covered)
    {
        for (int i = 0; i < Count; i++)
        {
            _required[i] = Math.Max(_required[i], covered[i]);
        }
    }

    /// <summary>What a read of these blocks must show.</summary>
    public byte[] Expect(int first, int count)
    {
        byte[] expected = new byte[count * BlockBytes];
        for (int i = 0; i < count; i++)
        {
            Span<byte> one = expected.AsSpan(i * BlockBytes, BlockBytes);
            Stamp.Fill(one, FirstBlock + first + i, BlockBytes, _versions[first + i][^1]);
        }

        return expected;
    }

    /// <summary>Why a whole disk's content after a cut breaks a promise made to this client; <see langword="null"/> = it does not.</summary>
    public string? FindBroken(ReadOnlySpan<byte> disk)
    {
        for (int i = 0; i < Count; i++)
        {
            ulong? found = Stamp.Read(BytesOf(disk, i), FirstBlock + i);
            int index = found is { } version ? _versions[i].LastIndexOf(version) : -1;
            if (index < _required[i])
            {
                string what = found is null ? "a mixture"
                    : index < 0 ? $"version {found:x}, which was never written to it since power on"
                    : $"its version {index}";
                int newest = _versions[i].Count - 1;
                return $"block {FirstBlock + i} holds {what}; replies had confirmed version {_required[i]} of {newest}";
            }
        }

        return null;
    }

    /// <summary>The power is back: what the platter holds is where every block starts from, for good.</summary>
    public void Restart(ReadOnlySpan<byte> disk)
    {
        for (int i = 0; i < Count; i++)
        {
            ulong version = Stamp.Read(BytesOf(disk, i), FirstBlock + i)
                ?? throw new InvalidOperationException($"block {FirstBlock + i} is a mixture");
            _versions[i].Clear();
            _versions[i].Add(version);
            _replied[i] = _required[i] = 0;
            _isInFlight[i] = false;
        }
    }

    private ReadOnlySpan<byte> BytesOf(ReadOnlySpan<byte> disk, int index) =>
        disk.Slice((FirstBlock + index) * BlockBytes, BlockBytes);
}

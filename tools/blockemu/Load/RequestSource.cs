using System.Runtime.InteropServices;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>Decides what one connection asks for next, and puts it where it is sent from: headers and payload lie in native
/// memory that is filled once.</summary>
internal sealed unsafe class RequestSource : IDisposable
{
    /// <summary>Writes start anywhere in this much more than a block, so that neighbours on the disk differ.</summary>
    private const int PayloadSpreadBytes = 64 << 10;

    private readonly LoadCase _load;
    private readonly RequestSlots _slots;
    private readonly byte* _headers;
    private readonly byte* _payload;
    private readonly long _firstBytes;
    private readonly long _lastBytes;
    private ulong _chance;
    private long _cursorBytes;
    private int _writesSinceFlush;

    /// <param name="load">What to ask for.</param>
    /// <param name="slots">Where a request in flight is kept.</param>
    /// <param name="firstBytes">Where this connection's part begins.</param>
    /// <param name="lengthBytes">The part's length, at least one block.</param>
    /// <param name="seed">The same seed asks for the same.</param>
    public RequestSource(LoadCase load, RequestSlots slots, long firstBytes, long lengthBytes, ulong seed)
    {
        _load = load;
        _slots = slots;
        _firstBytes = _cursorBytes = firstBytes;
        _lastBytes = firstBytes + ((lengthBytes / load.BlockBytes - 1) * load.BlockBytes);
        _chance = Mix(seed);
        int payloadBytes = load.Writes ? load.BlockBytes + PayloadSpreadBytes : sizeof(ulong);
        _headers = (byte*)NativeMemory.AllocZeroed((nuint)(load.Depth * NbdRequestHeader.SizeBytes));
        _payload = (byte*)NativeMemory.AlignedAlloc((nuint)payloadBytes, 4096);
        foreach (ref ulong word in new Span<ulong>(_payload, payloadBytes / sizeof(ulong)))
        {
            word = Next();
        }
    }

    /// <summary>Adds one request; there is a free slot.</summary>
    public void Add(SendQueue queue, long now)
    {
        NbdCommand command = Choose();
        bool isFlush = command == NbdCommand.Flush;
        int lengthBytes = isFlush ? 0 : _load.BlockBytes;
        long offsetBytes = isFlush ? 0 : NextOffset();
        NbdCommandFlags flags = _load.IsFua && command == NbdCommand.Write ? NbdCommandFlags.Fua : NbdCommandFlags.None;
        ulong cookie = _slots.Take(command, lengthBytes, now, out int index).Cookie;
        byte* header = _headers + (index * NbdRequestHeader.SizeBytes);
        new NbdRequestHeader(flags, command, cookie, (ulong)offsetBytes, (ulong)lengthBytes)
            .Write(new Span<byte>(header, NbdRequestHeader.SizeBytes));
        queue.Add((nint)header, NbdRequestHeader.SizeBytes);
        if (command == NbdCommand.Write)
        {
            // Spread by where it goes, on the grid of cache lines.
            queue.Add((nint)(_payload + ((offsetBytes >> 3) & (PayloadSpreadBytes - 64))), lengthBytes);
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_headers);
        NativeMemory.AlignedFree(_payload);
    }

    private NbdCommand Choose()
    {
        if (_load.FlushEvery > 0 && _writesSinceFlush == _load.FlushEvery)
        {
            _writesSinceFlush = 0;
            return NbdCommand.Flush;
        }

        bool isRead = _load.ReadPercent switch
        {
            0 => false,
            100 => true,
            int percent => (int)((Next() >> 33) % 100) < percent,
        };
        _writesSinceFlush += isRead ? 0 : 1;
        return isRead ? NbdCommand.Read : NbdCommand.Write;
    }

    private long NextOffset()
    {
        if (!_load.IsSequential)
        {
            ulong blocks = (ulong)((_lastBytes - _firstBytes) / _load.BlockBytes) + 1;
            return _firstBytes + ((long)((Next() >> 8) % blocks) * _load.BlockBytes);
        }

        long offset = _cursorBytes;
        _cursorBytes = offset == _lastBytes ? _firstBytes : offset + _load.BlockBytes;
        return offset;
    }

    /// <summary>Vigna's xorshift64*: where requests go needs no better.</summary>
    private ulong Next()
    {
        _chance ^= _chance >> 12;
        _chance ^= _chance << 25;
        _chance ^= _chance >> 27;
        return _chance * 0x2545F4914F6CDD1D;
    }

    /// <summary>Neighbouring seeds begin far apart, and none begins at 0.</summary>
    private static ulong Mix(ulong seed)
    {
        ulong z = seed + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (z ^ (z >> 31)) | 1;
    }
}

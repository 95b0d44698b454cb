using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>One connection under load on a thread of its own: writes, zeroes, trims, reads and flushes, several in flight,
/// until the disk has no power.</summary>
internal sealed class LoadClient
{
    private const int MaxInFlight = 12;

    private readonly ILoadDoor _door;
    private readonly OwnedBlocks _owned;
    private readonly ByteRange _shared;
    private readonly Crossing _crossing;
    private readonly ClientLog _log;
    private readonly string _name;
    private readonly Queue<LoadRequest> _inFlight = new();
    private readonly Thread _thread;
    private readonly byte[] _payload = new byte[64 * 4096];
    private readonly ulong _flushPermille;
    private SplitMix64 _chance;
    private ulong _version;
    private Exception? _failure;
    private string? _complaint;
    private volatile bool _mayBeLost;
    private volatile bool _isCutAnswered;

    /// <param name="door">Its connection, which it closes.</param>
    /// <param name="owned">The blocks that this client alone writes.</param>
    /// <param name="shared">Bytes that all clients write.</param>
    /// <param name="seed">Decides every command; also marks this client's versions, so no two runs may share it.</param>
    /// <param name="crossing">Counts the replies.</param>
    /// <param name="log">Writes down what is sent and answered.</param>
    /// <param name="name">This client's name there.</param>
    public LoadClient(
        ILoadDoor door, OwnedBlocks owned, ByteRange shared, ulong seed, Crossing crossing, ClientLog log, string name)
    {
        (_door, _owned, _shared, _crossing, _log, _name) = (door, owned, shared, crossing, log, name);
        _chance = new SplitMix64(seed);
        _version = SplitMix64.Mix(seed) | 1;
        _flushPermille = 1UL << (int)_chance.NextBelow(7);
        _thread = new Thread(Run) { IsBackground = true, Name = "load" };
    }

    public void Start() => _thread.Start();

    /// <summary>The power is about to go: only from now on may the connection be lost.</summary>
    public void ExpectLoss() => _mayBeLost = true;

    /// <summary>The cut has answered: nothing that is sent from now on may succeed, and no earlier success may arrive any more
    /// where that can be told to the byte.</summary>
    public void ForbidMore()
    {
        _isCutAnswered = true;
        _door.ForbidMore();
    }

    /// <summary>Waits until the connection is done, and closes it; says what was wrong, if anything was.</summary>
    public string? Finish()
    {
        bool hasEnded = _thread.Join(LiveServer.Patience);
        _door.Dispose();
        return hasEnded ? _failure?.ToString() ?? _complaint : "the connection is neither served nor ended";
    }

    private void Run()
    {
        try
        {
            bool hasPower = true;
            while (hasPower || _inFlight.Count > 0)
            {
                bool isTimeToWait = _inFlight.Count == MaxInFlight || (_inFlight.Count > 0 && _chance.NextCoin(0.3));
                if (hasPower && !isTimeToWait)
                {
                    Send();
                }
                else
                {
                    hasPower &= Receive();
                }
            }
        }
        catch (IOException) when (_mayBeLost)
        {
            // The connection is lost: the cut's doing, or the power-on's.
        }
        catch (Exception e)
        {
            _failure = e;
            _crossing.GiveUp();
        }
    }

    private void Send()
    {
        if (_chance.NextBelow(1000) < _flushPermille)
        {
            int[] covered = _owned.SendFlush();
            Submit(new LoadRequest { CoveredByFlush = covered }, LoadCommand.Flush, 0, 0, []);
            return;
        }

        bool isFua = _chance.NextCoin(0.1);
        switch (_chance.NextBelow(100))
        {
            case < 8:
                SendOwned(LoadCommand.Read, isFua: false);
                break;
            case < 64:
                SendOwned(LoadCommand.Write, isFua);
                break;
            case < 72:
                SendOwned(_chance.NextCoin(0.5) ? LoadCommand.Trim : LoadCommand.WriteZeroes, isFua);
                break;
            case < 92:
                SendShared(LoadCommand.Write, 20_000, isFua);
                break;
            default:
                SendShared(_chance.NextCoin(0.5) ? LoadCommand.Trim : LoadCommand.WriteZeroes, 200_000, isFua);
                break;
        }
    }

    private void SendOwned(LoadCommand command, bool isFua)
    {
        int first = (int)_chance.NextBelow((ulong)_owned.Count);
        int wanted = 1 + (int)_chance.NextBelow(_chance.NextCoin(0.1) ? 64UL : 16UL);
        int count = _owned.CountFree(first, wanted);
        if (count == 0)
        {
            return;
        }

        ulong? version = command switch { LoadCommand.Read => null, LoadCommand.Write => ++_version, _ => Stamp.Zeroes };
        int lengthBytes = count * _owned.BlockBytes;
        Span<byte> payload = command == LoadCommand.Write ? _payload.AsSpan(0, lengthBytes) : [];
        if (!payload.IsEmpty)
        {
            Stamp.Fill(payload, _owned.FirstBlock + first, _owned.BlockBytes, _version);
        }

        _owned.Send(first, count, version);
        long offset = (long)(_owned.FirstBlock + first) * _owned.BlockBytes;
        LoadRequest request = new() { IsRead = command == LoadCommand.Read, First = first, Count = count, IsFua = isFua };
        Submit(request, command, offset, lengthBytes, payload);
    }

    /// <summary>Any alignment, over other clients' requests in flight: only an oracle can say what may become of these.</summary>
    private void SendShared(LoadCommand command, int maxBytes, bool isFua)
    {
        int length = 1 + (int)_chance.NextBelow((ulong)maxBytes);
        long offset = _shared.OffsetBytes + (long)_chance.NextBelow((ulong)(_shared.LengthBytes - length));
        if (_chance.NextCoin(0.5) || _door.NeedsBlocks)
        {
            int block = _owned.BlockBytes;
            offset = (offset + block - 1) / block * block;
            length = Math.Min((length + block - 1) / block * block, (int)(_shared.EndBytes - offset));
        }

        Span<byte> payload = command == LoadCommand.Write ? _payload.AsSpan(0, length) : [];
        TempFolder.FillRandom(payload, _chance.Next());
        Submit(new LoadRequest { IsFua = isFua }, command, offset, length, payload);
    }

    private void Submit(LoadRequest request, LoadCommand command, long offset, int length, ReadOnlySpan<byte> payload)
    {
        bool isAfterCut = _isCutAnswered;
        int operation = Log(command, offset, length, request.IsFua, payload);
        ulong cookie = _door.Submit(command, offset, length, payload, request.IsFua);
        _inFlight.Enqueue(request with { Cookie = cookie, IsAfterCut = isAfterCut, Operation = operation });
    }

    /// <summary>Before anything of it is sent; a read is not written down.</summary>
    private int Log(LoadCommand command, long offset, int length, bool isFua, ReadOnlySpan<byte> payload) => command switch
    {
        LoadCommand.Flush => _log.SendFlush(_name),
        LoadCommand.Write => _log.Send(_name, StepKind.Write, offset, length, isFua, payload.ToArray()),
        LoadCommand.WriteZeroes => _log.Send(_name, StepKind.WriteZeroes, offset, length, isFua),
        LoadCommand.Trim => _log.Send(_name, StepKind.Trim, offset, length, isFua),
        _ => 0,
    };

    /// <summary>Takes the oldest reply; false when the disk says that it has no power.</summary>
    private bool Receive()
    {
        LoadRequest request = _inFlight.Dequeue();
        byte[] expected = request.IsRead ? _owned.Expect(request.First, request.Count) : [];
        byte[] data = new byte[expected.Length];
        LoadAnswer answer = _door.Wait(request.Cookie, data);
        if (!request.IsRead)
        {
            _log.Answer(request.Operation, answer.IsGood);
        }

        if (answer.IsPowerOff)
        {
            return false;
        }

        if (answer.IsGood && (request.IsAfterCut || answer.IsLate))
        {
            _complaint ??= "a success arrived after the cut had answered";
        }

        if (!answer.IsGood || !expected.AsSpan().SequenceEqual(data))
        {
            _complaint ??= !answer.IsGood
                ? $"a command was answered with {answer.Error}"
                : $"a read of {request.Count} owned blocks at {request.First} shows other bytes";
        }

        if (request.CoveredByFlush is { } covered)
        {
            _owned.ReplyFlush(covered);
        }
        else
        {
            _owned.Reply(request.First, request.Count, request.IsFua);
        }

        _crossing.Count();
        return true;
    }
}

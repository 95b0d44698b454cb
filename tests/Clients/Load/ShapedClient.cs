using System.Buffers.Binary;
using System.Net;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>One connection on a thread of its own that keeps a load of one shape up, with stamped blocks, until it is lost.</summary>
/// <remarks>It sends what is due in one piece, as a client that wants speed does: then the server takes its quickest paths.</remarks>
internal sealed class ShapedClient
{
    private readonly NbdClient _client;
    private readonly BufferedStream _replies;
    private readonly OwnedBlocks _owned;
    private readonly LoadShape _shape;
    private readonly Crossing _crossing;
    private readonly Dictionary<ulong, LoadRequest> _inFlight = [];
    private readonly MemoryStream _due = new();
    private readonly byte[] _request;
    private readonly byte[] _data;
    private readonly Thread _thread;
    private readonly int _blocks;
    private SplitMix64 _chance;
    private ulong _version;
    private ulong _cookie;
    private int _nextSlot;
    private int _unflushed;
    private Exception? _failure;
    private volatile bool _mayBeLost;

    /// <param name="endPoint">Where the disk is served.</param>
    /// <param name="owned">The blocks that this client alone touches.</param>
    /// <param name="shape">What it does with them.</param>
    /// <param name="seed">Decides every place, and marks its versions.</param>
    /// <param name="crossing">Counts the replies.</param>
    public ShapedClient(EndPoint endPoint, OwnedBlocks owned, LoadShape shape, ulong seed, Crossing crossing)
    {
        _client = NbdClient.Connect(endPoint, LiveServer.Patience);
        _client.Go(LiveServer.DiskName);
        _replies = new BufferedStream(_client.Stream, 64 << 10);
        (_owned, _shape, _crossing) = (owned, shape, crossing);
        _blocks = shape.RequestBytes / owned.BlockBytes;
        _request = new byte[NbdRequestHeader.SizeBytes + shape.RequestBytes];
        _data = new byte[shape.RequestBytes];
        _chance = new SplitMix64(seed);
        _version = SplitMix64.Mix(seed) | 1;
        _thread = new Thread(Run) { IsBackground = true, Name = "shaped load" };
    }

    public void Start() => _thread.Start();

    /// <inheritdoc cref="LoadClient.ExpectLoss"/>
    public void ExpectLoss() => _mayBeLost = true;

    /// <summary>Waits until the connection is lost, and closes it; says what was wrong, if anything was.</summary>
    public string? Finish()
    {
        bool hasEnded = _thread.Join(LiveServer.Patience);
        _client.Dispose();
        _due.Dispose();
        return hasEnded ? _failure?.ToString() : "the connection is neither served nor ended";
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (_inFlight.Count <= _shape.Depth / 2)
                {
                    SendDue();
                }

                Receive();
            }
        }
        catch (IOException) when (_mayBeLost)
        {
            // The cut's doing.
        }
        catch (Exception e)
        {
            _failure = e;
            _crossing.GiveUp();
        }
    }

    private void SendDue()
    {
        _due.SetLength(0);
        while (_inFlight.Count < _shape.Depth && FindFree() is { } first)
        {
            bool isRead = _chance.NextBelow(100) < _shape.ReadPercent;
            Add(first, isRead);
            if (!isRead && _shape.FlushEvery > 0 && ++_unflushed == _shape.FlushEvery)
            {
                _unflushed = 0;
                AddRequest(new LoadRequest { CoveredByFlush = _owned.SendFlush() }, NbdCommand.Flush, 0, 0);
            }
        }

        _client.Stream.Write(_due.GetBuffer(), 0, (int)_due.Length);
    }

    /// <summary>The first block of a place that no request is using, or none when that is the next place's lot.</summary>
    private int? FindFree()
    {
        int slots = _owned.Count / _blocks;
        while (true)
        {
            int slot = _shape.IsSequential ? _nextSlot % slots : (int)_chance.NextBelow((ulong)slots);
            bool isFree = _owned.CountFree(slot * _blocks, _blocks) == _blocks;
            if (isFree || _shape.IsSequential)
            {
                _nextSlot += isFree ? 1 : 0;
                return isFree ? slot * _blocks : null;
            }
        }
    }

    private void Add(int first, bool isRead)
    {
        LoadRequest request = new() { IsRead = isRead, First = first, Count = _blocks, IsFua = !isRead && _shape.IsFua };
        _owned.Send(first, _blocks, isRead ? null : ++_version);
        long block = _owned.FirstBlock + first;
        if (!isRead)
        {
            Stamp.Fill(_request.AsSpan(NbdRequestHeader.SizeBytes), block, _owned.BlockBytes, _version);
        }

        AddRequest(request, isRead ? NbdCommand.Read : NbdCommand.Write, block * _owned.BlockBytes, _shape.RequestBytes);
    }

    private void AddRequest(LoadRequest request, NbdCommand command, long offsetBytes, int lengthBytes)
    {
        NbdCommandFlags flags = request.IsFua ? NbdCommandFlags.Fua : NbdCommandFlags.None;
        new NbdRequestHeader(flags, command, ++_cookie, (ulong)offsetBytes, (uint)lengthBytes).Write(_request);
        _due.Write(_request, 0, NbdRequestHeader.SizeBytes + (command == NbdCommand.Write ? lengthBytes : 0));
        _inFlight.Add(_cookie, request);
    }

    private void Receive()
    {
        Span<byte> reply = stackalloc byte[NbdSimpleReply.SizeBytes];
        _replies.ReadExactly(reply);
        uint error = BinaryPrimitives.ReadUInt32BigEndian(reply[4..]);
        ulong cookie = BinaryPrimitives.ReadUInt64BigEndian(reply[8..]);
        if (BinaryPrimitives.ReadUInt32BigEndian(reply) != NbdMagic.SimpleReply || error != 0
            || !_inFlight.Remove(cookie, out LoadRequest request))
        {
            throw new InvalidDataException($"reply {cookie}: {Convert.ToHexString(reply)}");
        }

        if (request.IsRead)
        {
            _replies.ReadExactly(_data);
            if (!_owned.Expect(request.First, request.Count).AsSpan().SequenceEqual(_data))
            {
                throw new InvalidDataException($"a read of {request.Count} blocks at {request.First} shows other bytes");
            }
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
    }
}

using BlockEmu.Device;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>A WRITE whose payload is received where the disk will keep it: one at a time.</summary>
/// <remarks>Its owner has taken as much of the budget as the payload is long.</remarks>
internal sealed unsafe class StockedPayload(DiskSession session, ClientLink link, NbdRequestFraming framing)
{
    /// <summary>Less is copied for less than it costs to be received apart.</summary>
    public const int LeastBytes = 16 << 10;

    private const int MaxPagesAhead = IoVector.MaxCount - 1;

    private readonly bool _isPossible = link.HasVectors;
    private readonly byte[] _header = new byte[framing.SizeBytes];
    private PageSegment[] _room = [];
    private IoVector[] _vectors = [];
    private WriteStock? _stock;
    private NbdRequestHeader _request;
    private int _lengthBytes;
    private int _doneBytes;

    /// <summary>Whether a payload is arriving, or here.</summary>
    public bool IsBegun { get; private set; }

    public bool IsWhole => _doneBytes == _lengthBytes;

    public NbdRequestHeader Request => _request;

    /// <summary>How many bytes of it are here.</summary>
    public int DoneBytes => _doneBytes;

    /// <summary>Whether a request is worth it.</summary>
    public bool Suits(in NbdRequestHeader request) =>
        _isPossible && request.Command == NbdCommand.Write && request.LengthBytes >= LeastBytes
        && session.Disk.CanStock((long)request.OffsetBytes, (int)request.LengthBytes);

    /// <summary>Begins with a request's bytes, of which its header and perhaps some of its payload have arrived. False when the
    /// disk has no power.</summary>
    public bool TryBegin(in NbdRequestHeader request, ReadOnlySpan<byte> arrived)
    {
        _stock ??= session.Disk.OpenStock();
        _stock.Reset();
        (_request, _lengthBytes, _doneBytes) = (request, (int)request.LengthBytes, 0);
        arrived[..framing.SizeBytes].CopyTo(_header);
        ReadOnlySpan<byte> payload = arrived[framing.SizeBytes..];
        if (!TryExtend(payload.Length))
        {
            return false;
        }

        _stock.Put((long)request.OffsetBytes, 0, payload);
        _doneBytes = payload.Length;
        IsBegun = true;
        return true;
    }

    /// <summary>Before each receive. False when the disk has no power: the request is to be withdrawn.</summary>
    public bool TryPrepare() => TryExtend(_doneBytes);

    /// <summary>Receives more of it, and what comes behind it into <paramref name="next"/> when all of it fits one call.</summary>
    public SocketReceipt Receive(Span<byte> next, out int payloadBytes, out int nextBytes)
    {
        if (_room.Length == 0)
        {
            _room = new PageSegment[MaxPagesAhead];
            _vectors = new IoVector[IoVector.MaxCount];
        }

        fixed (byte* following = next)
        {
            int count = _stock!.GetRoom((long)_request.OffsetBytes, _lengthBytes, _doneBytes, _room);
            int roomBytes = 0;
            int vectors = 0;
            foreach (PageSegment segment in _room.AsSpan(0, count))
            {
                vectors = AddVector(vectors, segment.Address, segment.LengthBytes);
                roomBytes += segment.LengthBytes;
            }

            if (_doneBytes + roomBytes == _lengthBytes)
            {
                vectors = AddVector(vectors, (nint)following, next.Length);
            }

            SocketReceipt receipt = link.Receive(_vectors.AsSpan(0, vectors), out nuint received);
            payloadBytes = (int)Math.Min(received, (nuint)roomBytes);
            nextBytes = (int)received - payloadBytes;
            _doneBytes += payloadBytes;
            return receipt;
        }
    }

    /// <summary>Writes the payload, which is whole, and is ready for the next.</summary>
    public DiskStatus Write(bool fua)
    {
        IsBegun = false;
        return session.Disk.Write(session.Epoch, (long)_request.OffsetBytes, _lengthBytes, _stock!, fua);
    }

    /// <summary>Takes the request back: its bytes as they came.</summary>
    public byte[] Withdraw()
    {
        byte[] bytes = new byte[_header.Length + _doneBytes];
        _header.CopyTo(bytes, 0);
        Span<PageSegment> segment = stackalloc PageSegment[1];
        for (int done = 0; done < _doneBytes; done += segment[0].LengthBytes)
        {
            _stock!.GetRoom((long)_request.OffsetBytes, _doneBytes, done, segment);
            segment[0].Bytes.CopyTo(bytes.AsSpan(_header.Length + done));
        }

        Release();
        return bytes;
    }

    /// <summary>Gives its pages back; a payload that was arriving is lost.</summary>
    public void Release()
    {
        IsBegun = false;
        _stock?.Trim();
        (_room, _vectors) = ([], []);
    }

    /// <summary>Lets it have pages for what may arrive at once, and no more.</summary>
    private bool TryExtend(int doneBytes)
    {
        long offsetBytes = (long)_request.OffsetBytes;
        int pages = WriteStock.CountPages(offsetBytes, _lengthBytes);
        int donePages = doneBytes == 0 ? 0 : WriteStock.CountPages(offsetBytes, doneBytes);
        return _stock!.TryExtend(session.Epoch, Math.Min(pages, donePages + MaxPagesAhead));
    }

    private int AddVector(int count, nint address, int lengthBytes)
    {
        if (lengthBytes == 0)
        {
            return count;
        }

        if (count > 0 && _vectors[count - 1] is var last && last.Address + (nint)last.LengthBytes == address)
        {
            _vectors[count - 1] = new IoVector(last.Address, last.LengthBytes + (nuint)lengthBytes);
            return count;
        }

        _vectors[count] = new IoVector(address, (nuint)lengthBytes);
        return count + 1;
    }
}

using BlockEmu.Device;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>A WRITE whose payload goes to where the disk will keep it as it arrives: one at a time.</summary>
/// <remarks>Its owner has taken as much of the budget as the payload is long. Not received there at once: what is received into a
/// small buffer stays in the processor's caches, and a page is then stored past them, which costs less than what the kernel
/// pays for writing to cold pages.</remarks>
internal sealed class StockedPayload(NbdSession session, NbdRequestFraming framing)
{
    /// <summary>Less is not worth it.</summary>
    public const int LeastBytes = 16 << 10;

    private const int MaxPagesAhead = PooledBuffer.BaseBytes / 4096;

    private readonly byte[] _header = new byte[framing.SizeBytes];
    private WriteStock? _stock;
    private NbdRequestHeader _request;
    private int _lengthBytes;
    private int _doneBytes;

    /// <summary>Whether a payload is arriving, or here.</summary>
    public bool IsBegun { get; private set; }

    public bool IsWhole => _doneBytes == _lengthBytes;

    public NbdRequestHeader Request => _request;

    /// <summary>How many bytes of it are to come.</summary>
    public int LeftBytes => _lengthBytes - _doneBytes;

    /// <summary>How many bytes of it are here.</summary>
    public int DoneBytes => _doneBytes;

    /// <summary>Whether a request is worth it.</summary>
    public bool Suits(in NbdRequestHeader request) =>
        request.Command == NbdCommand.Write && request.LengthBytes >= LeastBytes
        && session.Disk.CanStock((long)request.OffsetBytes, (int)request.LengthBytes);

    /// <summary>Begins with a request's bytes, of which its header and perhaps some of its payload have arrived. False when the
    /// disk has no power, or the host no memory for its pages.</summary>
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

    /// <summary>Takes its next bytes from what has arrived. False, and nothing was taken, when the disk has no power: the request is
    /// to be withdrawn.</summary>
    public bool TryAbsorb(ReadOnlySpan<byte> arrived, out int takenBytes)
    {
        takenBytes = 0;
        int bytes = Math.Min(arrived.Length, LeftBytes);
        if (!TryExtend(_doneBytes + bytes))
        {
            return false;
        }

        _stock!.Put((long)_request.OffsetBytes, _doneBytes, arrived[..bytes]);
        _doneBytes += bytes;
        takenBytes = bytes;
        return true;
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
    }

    /// <summary>Lets it have pages for what may arrive at once, and no more.</summary>
    private bool TryExtend(int doneBytes)
    {
        long offsetBytes = (long)_request.OffsetBytes;
        int pages = WriteStock.CountPages(offsetBytes, _lengthBytes);
        int donePages = doneBytes == 0 ? 0 : WriteStock.CountPages(offsetBytes, doneBytes);
        return _stock!.TryExtend(session.Epoch, Math.Min(pages, donePages + MaxPagesAhead));
    }
}

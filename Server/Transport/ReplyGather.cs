using System.Diagnostics;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Server.Transport;

/// <summary>The data of replies that is sent from where the disk keeps it: it leaves its place in the batch's buffer empty.</summary>
/// <remarks>Held only while the client takes it: after <see cref="PatienceMs"/> without room, or <see cref="LongestHoldMs"/> in
/// all, what is left is copied to its place in the buffer, so that a stalled reader holds nothing of the disk.</remarks>
internal sealed unsafe class ReplyGather(ClientLink link)
{
    private const int PatienceMs = 2;
    private const int LongestHoldMs = 50;
    private const int FirstCapacity = 64;
    private const int KeptCapacity = 2048;

    // A large reply is sent in pieces, so that it shows how the client gets on with it.
    private const int PieceBytes = 1 << 20;

    private Hole[] _holes = [];
    private IoVector[] _vectors = [];
    private int _holeCount;
    private int _vectorCount;

    /// <summary>Where reads put what they return.</summary>
    public ReadView View { get; } = new();

    public bool IsEmpty => _holeCount == 0;

    /// <summary>The data of a reply is in the view's segments from <paramref name="firstSegment"/> to their end, and its place in
    /// the buffer at an offset.</summary>
    public void Add(int offsetBytes, int lengthBytes, int firstSegment)
    {
        if (_holeCount == _holes.Length)
        {
            Array.Resize(ref _holes, Math.Max(FirstCapacity, _holeCount * 2));
        }

        _holes[_holeCount++] = new Hole(offsetBytes, lengthBytes, firstSegment, View.Segments.Length);
    }

    /// <summary>Sends all of a buffer's bytes with the data in its places, however long the client takes; the connection's memory is
    /// told of what moves. False: the client has gone.</summary>
    public bool Send(Span<byte> wire, ConnectionMemory memory)
    {
        memory.IsClientsTurn = true;
        int sentBytes = IsEmpty ? 0 : SendAtOnce(wire);
        memory.Move(Math.Max(0, sentBytes));
        bool isSent = sentBytes >= 0 && SendPieces(wire[sentBytes..], memory);
        memory.IsClientsTurn = false;
        return isSent;
    }

    /// <summary>Lets the disk's bytes go.</summary>
    public void Release()
    {
        View.Release();
        (_holeCount, _vectorCount) = (0, 0);
        if (_vectors.Length > KeptCapacity)
        {
            Trim();
        }
    }

    /// <summary>Gives its own memory back as well.</summary>
    public void Trim()
    {
        View.Trim();
        (_holes, _vectors, _holeCount, _vectorCount) = ([], [], 0, 0);
    }

    private bool SendPieces(ReadOnlySpan<byte> wire, ConnectionMemory memory)
    {
        bool isSent = true;
        while (isSent && !wire.IsEmpty)
        {
            ReadOnlySpan<byte> piece = wire[..Math.Min(wire.Length, PieceBytes)];
            isSent = link.Send(piece);
            memory.Move(piece.Length);
            wire = wire[piece.Length..];
        }

        return isSent;
    }

    /// <summary>Sends the buffer's bytes with the data in its places, as far as the client takes it at once; then puts what is left
    /// of the data where it belongs. Returns how many bytes have left; less than 0: the client has gone.</summary>
    private int SendAtOnce(Span<byte> wire)
    {
        fixed (byte* start = wire)
        {
            Lay((nint)start, wire.Length);
            int sentBytes = SendVectors();
            if (sentBytes >= 0 && sentBytes < wire.Length)
            {
                CopyOut(wire, sentBytes);
            }

            Release();
            return sentBytes;
        }
    }

    private void Lay(nint wire, int lengthBytes)
    {
        int at = 0;
        ReadOnlySpan<PageSegment> segments = View.Segments;
        foreach (Hole hole in _holes.AsSpan(0, _holeCount))
        {
            AddVector(wire + at, hole.OffsetBytes - at);
            for (int i = hole.FirstSegment; i < hole.EndSegment; i++)
            {
                AddVector(segments[i].Address, segments[i].LengthBytes);
            }

            at = hole.OffsetBytes + hole.LengthBytes;
        }

        AddVector(wire + at, lengthBytes - at);
    }

    private void AddVector(nint address, int lengthBytes)
    {
        if (lengthBytes == 0)
        {
            return;
        }

        if (_vectorCount == _vectors.Length)
        {
            Array.Resize(ref _vectors, Math.Max(FirstCapacity, _vectorCount * 2));
        }

        _vectors[_vectorCount++] = new IoVector(address, (nuint)lengthBytes);
    }

    private int SendVectors()
    {
        long startedAt = 0;
        int sentBytes = 0;
        int first = 0;
        while (first < _vectorCount)
        {
            ReadOnlySpan<IoVector> vectors = _vectors.AsSpan(first, Math.Min(IoVector.MaxCount, _vectorCount - first));
            if (!link.TrySendAtOnce(vectors, out nuint bytes))
            {
                return -1;
            }

            sentBytes += (int)bytes;
            int end = first + vectors.Length;
            first = Advance(first, bytes);
            if (first < end && !MayWait(ref startedAt))
            {
                break;
            }
        }

        return sentBytes;
    }

    private bool MayWait(ref long startedAt)
    {
        startedAt = startedAt == 0 ? Stopwatch.GetTimestamp() : startedAt;
        return Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds < LongestHoldMs && link.WaitUntilWritable(PatienceMs);
    }

    /// <summary>The first vector of which something is left.</summary>
    private int Advance(int first, nuint bytes)
    {
        while (first < _vectorCount && bytes >= _vectors[first].LengthBytes)
        {
            bytes -= _vectors[first++].LengthBytes;
        }

        if (bytes > 0)
        {
            _vectors[first] = _vectors[first].From(bytes);
        }

        return first;
    }

    private void CopyOut(Span<byte> wire, int fromBytes)
    {
        ReadOnlySpan<PageSegment> segments = View.Segments;
        foreach (Hole hole in _holes.AsSpan(0, _holeCount))
        {
            int at = hole.OffsetBytes;
            for (int i = hole.FirstSegment; i < hole.EndSegment; i++)
            {
                if (at + segments[i].LengthBytes > fromBytes)
                {
                    segments[i].Bytes.CopyTo(wire[at..]);
                }

                at += segments[i].LengthBytes;
            }
        }
    }

    /// <summary>A place in the buffer, and the segments that belong there.</summary>
    private readonly record struct Hole(int OffsetBytes, int LengthBytes, int FirstSegment, int EndSegment);
}

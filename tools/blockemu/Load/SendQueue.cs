using System.Runtime.InteropServices;

namespace BlockEmu.Cli.Load;

/// <summary>Pieces of native memory that wait to be sent, in order; neighbours become one.</summary>
internal sealed class SendQueue(int capacity)
{
    private readonly Piece[] _pieces = new Piece[capacity];
    private int _first;
    private int _end;

    public bool IsEmpty => _first == _end;

    public ReadOnlySpan<Piece> Pieces => _pieces.AsSpan(_first, _end - _first);

    public void Add(nint address, int lengthBytes)
    {
        if (_end > _first && _pieces[_end - 1].Address + (nint)_pieces[_end - 1].LengthBytes == address)
        {
            _pieces[_end - 1] = new Piece(_pieces[_end - 1].Address, _pieces[_end - 1].LengthBytes + (nuint)lengthBytes);
            return;
        }

        _pieces[_end++] = new Piece(address, (nuint)lengthBytes);
    }

    /// <summary>The first bytes have gone.</summary>
    public void Remove(nuint bytes)
    {
        while (bytes > 0)
        {
            Piece piece = _pieces[_first];
            if (bytes < piece.LengthBytes)
            {
                _pieces[_first] = new Piece(piece.Address + (nint)bytes, piece.LengthBytes - bytes);
                return;
            }

            bytes -= piece.LengthBytes;
            _first++;
        }

        if (_first == _end)
        {
            (_first, _end) = (0, 0);
        }
    }

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Piece(nint address, nuint lengthBytes)
    {
        public readonly nint Address = address;

        public readonly nuint LengthBytes = lengthBytes;

        /// <summary>They stay where they are as long as the connection.</summary>
        public unsafe ReadOnlySpan<byte> Bytes => new((void*)Address, (int)LengthBytes);
    }
}

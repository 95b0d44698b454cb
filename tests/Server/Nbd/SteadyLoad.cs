using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Requests of one kind, so many at once, round and round over a span; it allocates nothing itself.</summary>
internal sealed class SteadyLoad : IDisposable
{
    private readonly NbdClient _client;
    private readonly NbdReplyStyle _style;
    private readonly NbdCommand _command;
    private readonly NbdCommandFlags _flags;
    private readonly int _lengthBytes;
    private readonly int _depth;
    private readonly long _spanBytes;
    private readonly byte[] _requests;
    private readonly byte[] _replies;
    private long _offsetBytes;

    /// <param name="client">In transmission, with simple replies or structured ones.</param>
    /// <param name="style">Which.</param>
    /// <param name="command">READ, WRITE or FLUSH.</param>
    /// <param name="flags">On each request.</param>
    /// <param name="lengthBytes">Of each request; 0 for FLUSH.</param>
    /// <param name="spanBytes">It holds no zeroes where it is read: a reply has one length.</param>
    public SteadyLoad(
        NbdClient client, NbdReplyStyle style, NbdCommand command, NbdCommandFlags flags, int lengthBytes, long spanBytes)
    {
        (_client, _style, _command, _flags, _lengthBytes, _spanBytes) = (client, style, command, flags, lengthBytes, spanBytes);
        _depth = Math.Clamp((512 << 10) / Math.Max(lengthBytes, 1), 1, 32);
        _requests = new byte[_depth * (NbdRequestHeader.SizeBytes + (command == NbdCommand.Write ? lengthBytes : 0))];
        _requests.AsSpan().Fill(0xA5);
        int headerBytes = style == NbdReplyStyle.Simple ? NbdSimpleReply.SizeBytes : NbdChunkHeader.SizeBytes;
        int dataBytes = command != NbdCommand.Read ? 0
            : style == NbdReplyStyle.Simple ? lengthBytes : NbdChunkHeader.DataOffsetSizeBytes + lengthBytes;
        _replies = new byte[_depth * (headerBytes + dataBytes)];
    }

    public void Run(int requestCount)
    {
        for (int done = 0; done < requestCount; done += _depth)
        {
            RunBatch();
        }
    }

    public void Dispose() => _client.Dispose();

    private void RunBatch()
    {
        int requestBytes = _requests.Length / _depth;
        for (int i = 0; i < _depth; i++)
        {
            new NbdRequestHeader(_flags, _command, (ulong)i, (ulong)_offsetBytes, (uint)_lengthBytes).Write(_requests.AsSpan(i * requestBytes));
            _offsetBytes = _lengthBytes == 0 ? 0 : (_offsetBytes + _lengthBytes) % _spanBytes;
        }

        _client.Stream.Write(_requests);
        _client.Stream.ReadExactly(_replies);
        for (int i = 0; i < _depth; i++)
        {
            CheckReply(_replies.AsSpan(i * (_replies.Length / _depth)), (ulong)i);
        }
    }

    private void CheckReply(ReadOnlySpan<byte> reply, ulong cookie)
    {
        uint wantedMagic = _style == NbdReplyStyle.Simple ? NbdMagic.SimpleReply : NbdMagic.StructuredReply;
        uint error = _style == NbdReplyStyle.Simple
            ? BinaryPrimitives.ReadUInt32BigEndian(reply[4..])
            : BinaryPrimitives.ReadUInt16BigEndian(reply[6..]) & 0x8000u; // the bit that error chunks have in their type
        if (BinaryPrimitives.ReadUInt32BigEndian(reply) != wantedMagic || error != 0
            || BinaryPrimitives.ReadUInt64BigEndian(reply[8..]) != cookie)
        {
            throw new InvalidDataException($"reply {cookie}: {Convert.ToHexString(reply[..16])}");
        }
    }
}

using System.Diagnostics;
using System.Net;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Idle;

/// <summary>One connection that keeps eight requests of 4 KiB in flight: 70 % reads, 30 % writes.</summary>
internal sealed class BusyClient : IDisposable
{
    private const int QueueDepth = 8;
    private const int BlockBytes = 4096;
    private const int ReadPercent = 70;
    private const ulong Blocks = 65_536;

    private readonly NbdClient _client;
    private readonly byte[] _out = new byte[QueueDepth * (NbdRequestHeader.SizeBytes + BlockBytes)];
    private readonly byte[] _in = new byte[QueueDepth * (NbdSimpleReply.SizeBytes + BlockBytes)];
    private ulong _chance;

    public BusyClient(IPEndPoint endPoint, ulong seed)
    {
        _client = NbdClient.Connect(endPoint, TimeSpan.FromSeconds(30));
        _client.Go("");
        _chance = seed + 1;
    }

    /// <summary>Returns how many requests were answered.</summary>
    public long Run(TimeSpan duration)
    {
        long answered = 0;
        long startedAt = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(startedAt) < duration)
        {
            int sentBytes = 0;
            int expectedBytes = 0;
            for (ulong cookie = 0; cookie < QueueDepth; cookie++)
            {
                bool isRead = Next() % 100 < ReadPercent;
                NbdCommand command = isRead ? NbdCommand.Read : NbdCommand.Write;
                ulong offset = Next() % Blocks * BlockBytes;
                new NbdRequestHeader(NbdCommandFlags.None, command, cookie, offset, BlockBytes).Write(_out.AsSpan(sentBytes));
                sentBytes += NbdRequestHeader.SizeBytes + (isRead ? 0 : BlockBytes);
                expectedBytes += NbdSimpleReply.SizeBytes + (isRead ? BlockBytes : 0);
            }

            _client.Stream.Write(_out, 0, sentBytes);
            _client.Stream.ReadExactly(_in, 0, expectedBytes);
            if (!NbdSimpleReply.TryRead(_in, out NbdSimpleReply reply) || reply.Error != NbdError.None)
            {
                throw new InvalidDataException("the server's answer was not what was asked for");
            }

            answered += QueueDepth;
        }

        return answered;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Marsaglia's xorshift: where requests go needs no better.</summary>
    private ulong Next()
    {
        _chance ^= _chance << 13;
        _chance ^= _chance >> 7;
        _chance ^= _chance << 17;
        return _chance;
    }
}

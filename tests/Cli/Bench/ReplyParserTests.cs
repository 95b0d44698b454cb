using System.Buffers.Binary;
using BlockEmu.Cli.Load;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Tests.Bench;

public sealed class ReplyParserTests
{
    private const int Length = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(19)]
    [InlineData(int.MaxValue)]
    public void Simple_replies_may_be_cut_anywhere(int pieceBytes)
    {
        RequestSlots slots = new(3);
        ulong[] cookies = [Take(slots, NbdCommand.Read), Take(slots, NbdCommand.Write), Take(slots, NbdCommand.Read)];
        Feed(
            new ReplyParser(slots, isStructured: false), pieceBytes,
            [.. Simple(cookies[0], NbdError.None), .. new byte[Length], .. Simple(cookies[2], NbdError.InputOutput), .. Simple(cookies[1], NbdError.None)]);
        Assert.Equal((0, 1, 1, 1, NbdError.InputOutput), (
            slots.InFlight, slots.Counts.Reads, slots.Counts.Writes, slots.Counts.Errors, slots.Counts.FirstError));
        Assert.Equal(2 * Length, slots.Counts.Bytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(19)]
    [InlineData(int.MaxValue)]
    public void Structured_replies_may_be_cut_anywhere_and_woven_together(int pieceBytes)
    {
        RequestSlots slots = new(4);
        ulong[] cookies = [Take(slots, NbdCommand.Read), Take(slots, NbdCommand.Read), Take(slots, NbdCommand.Write), Take(slots, NbdCommand.Read)];
        byte[] error = new byte[11];
        BinaryPrimitives.WriteUInt32BigEndian(error, (uint)NbdError.NoSpace);
        error[5] = 5;
        Feed(
            new ReplyParser(slots, isStructured: true), pieceBytes,
            [
                .. Chunk(cookies[0], NbdChunkType.OffsetData, isDone: false, new byte[8 + 600]),
                .. Chunk(cookies[1], NbdChunkType.OffsetHole, isDone: true, new byte[12]),
                .. Chunk(cookies[0], NbdChunkType.OffsetData, isDone: false, new byte[8 + 400]),
                .. Chunk(cookies[2], NbdChunkType.Error, isDone: true, error),
                .. Chunk(cookies[0], NbdChunkType.None, isDone: true, []),
                .. Chunk(cookies[3], NbdChunkType.Error, isDone: false, error),
                .. Chunk(cookies[3], NbdChunkType.None, isDone: true, []),
            ]);
        Assert.Equal((0, 2, 0, 2, NbdError.NoSpace), (
            slots.InFlight, slots.Counts.Reads, slots.Counts.Writes, slots.Counts.Errors, slots.Counts.FirstError));
    }

    [Fact]
    public void More_data_than_was_asked_for_is_refused() => Assert.Throws<LoadFailedException>(() =>
    {
        RequestSlots slots = new(1);
        ulong cookie = Take(slots, NbdCommand.Read);
        byte[] chunk = Chunk(cookie, NbdChunkType.OffsetData, isDone: false, new byte[8 + 600]);
        Feed(new ReplyParser(slots, isStructured: true), int.MaxValue, [.. chunk, .. chunk]);
    });

    [Theory]
    [InlineData(NbdCommand.Write, NbdChunkType.OffsetData, 8 + 600)]
    [InlineData(NbdCommand.Read, NbdChunkType.OffsetData, 8)]
    [InlineData(NbdCommand.Read, NbdChunkType.OffsetHole, 13)]
    [InlineData(NbdCommand.Read, NbdChunkType.None, 1)]
    [InlineData(NbdCommand.Read, NbdChunkType.Error, 5)]
    [InlineData(NbdCommand.Read, NbdChunkType.BlockStatus, 12)]
    public void A_chunk_that_fits_no_request_is_refused(NbdCommand command, NbdChunkType type, int payloadBytes) =>
        Assert.Throws<LoadFailedException>(() =>
        {
            RequestSlots slots = new(1);
            ulong cookie = Take(slots, command);
            Feed(new ReplyParser(slots, isStructured: true), int.MaxValue, Chunk(cookie, type, isDone: true, new byte[payloadBytes]));
        });

    private static ulong Take(RequestSlots slots, NbdCommand command) => slots.Take(command, Length, 0, out _).Cookie;

    private static void Feed(ReplyParser parser, int pieceBytes, byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(pieceBytes, bytes.Length - at);
            parser.Take(bytes.AsSpan(at, length), 1);
            at += length;
        }
    }

    private static byte[] Simple(ulong cookie, NbdError error)
    {
        byte[] reply = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply(error, cookie).Write(reply);
        return reply;
    }

    private static byte[] Chunk(ulong cookie, NbdChunkType type, bool isDone, byte[] payload)
    {
        byte[] header = new byte[NbdChunkHeader.SizeBytes];
        new NbdChunkHeader(isDone ? NbdChunkFlags.Done : NbdChunkFlags.None, type, cookie, (uint)payload.Length).Write(header);
        return [.. header, .. payload];
    }
}

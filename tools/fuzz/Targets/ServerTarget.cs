using System.Buffers;
using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Targets;

/// <summary>The server's machines without a socket: negotiation, then the judge of every request that follows.</summary>
internal sealed class ServerTarget
{
    /// <summary>One call answers one option; nothing here answers more to one.</summary>
    private const int MaxAnswerBytes = 64 << 10;

    private readonly Transcript _transcript = new();
    private readonly ArrayBufferWriter<byte> _replies = new(1024);

    public static string Run(byte[] input, Pieces pieces)
    {
        ServerTarget target = new();
        target.Negotiate(input, pieces);
        return target._transcript.ToString();
    }

    private void Negotiate(ReadOnlySpan<byte> input, Pieces pieces)
    {
        NbdServerNegotiation negotiation = new(new FuzzCatalog(), _replies);
        int arrived = 0;
        while (arrived < input.Length)
        {
            int start = arrived;
            arrived += pieces.Next(input.Length - arrived);
            while (start < arrived)
            {
                NbdNegotiationOutcome outcome = negotiation.Feed(input[start..arrived], out int consumed);
                if (consumed < 0 || consumed > arrived - start || (consumed == 0 && outcome == NbdNegotiationOutcome.NeedMore))
                {
                    throw new BrokenPromiseException($"Feed consumed {consumed} of {arrived - start} bytes");
                }

                start += consumed;
                CheckAnswer(outcome);
                _transcript.Answered(_replies.WrittenSpan);
                _replies.ResetWrittenCount();
                if (outcome != NbdNegotiationOutcome.NeedMore)
                {
                    _transcript.Step($"{outcome} {negotiation.DropReason} at {start}");
                    if (outcome == NbdNegotiationOutcome.Chosen)
                    {
                        RequestTarget.Run(input[start..], negotiation.Terms!, _transcript);
                    }

                    return;
                }
            }
        }

        _transcript.Step("wants more");
    }

    private void CheckAnswer(NbdNegotiationOutcome outcome)
    {
        ReadOnlySpan<byte> answer = _replies.WrittenSpan;
        if (answer.Length > MaxAnswerBytes)
        {
            throw new BrokenPromiseException($"one option is answered with {answer.Length} bytes");
        }

        bool mustBeEmpty = outcome is NbdNegotiationOutcome.Dropped or NbdNegotiationOutcome.Silent;
        bool mayBeBare = outcome == NbdNegotiationOutcome.Chosen
            && answer.Length is NbdExportInfo.WireSizeBytes or NbdExportInfo.WireSizeBytes + NbdExportInfo.ExportNamePaddingBytes;
        if ((mustBeEmpty && !answer.IsEmpty) || (!mayBeBare && !AreOptionReplies(answer)))
        {
            throw new BrokenPromiseException($"{outcome} says {Convert.ToHexStringLower(answer[..Math.Min(64, answer.Length)])}");
        }
    }

    private static bool AreOptionReplies(ReadOnlySpan<byte> answer)
    {
        while (!answer.IsEmpty)
        {
            if (answer.Length < NbdOptionReplyHeader.SizeBytes || !NbdOptionReplyHeader.TryRead(answer, out _))
            {
                return false;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(answer[(NbdOptionReplyHeader.SizeBytes - 4)..]);
            if (length > (uint)(answer.Length - NbdOptionReplyHeader.SizeBytes))
            {
                return false;
            }

            answer = answer[(NbdOptionReplyHeader.SizeBytes + (int)length)..];
        }

        return true;
    }
}

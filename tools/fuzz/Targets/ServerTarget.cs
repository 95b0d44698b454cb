using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Targets;

/// <summary>The server's machines without a socket: negotiation, then the judge of every request that follows.</summary>
internal sealed class ServerTarget(NbdTlsMode tlsMode)
{
    /// <summary>One call answers one option; nothing here answers more to one.</summary>
    private const int MaxAnswerBytes = 64 << 10;

    private readonly Transcript _transcript = new();
    private readonly ArrayBufferWriter<byte> _replies = new(1024);
    private bool _isSecure;

    public static string Run(NbdTlsMode tlsMode, byte[] input, Pieces pieces)
    {
        ServerTarget target = new(tlsMode);
        target.Negotiate(input, pieces);
        return target._transcript.ToString();
    }

    private void Negotiate(ReadOnlySpan<byte> input, Pieces pieces)
    {
        NbdServerNegotiation negotiation = new(new FuzzCatalog(), _replies, tlsMode);
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
                CheckSecrets(outcome, negotiation);
                _transcript.Answered(_replies.WrittenSpan);
                _replies.ResetWrittenCount();
                if (outcome == NbdNegotiationOutcome.StartTls)
                {
                    _transcript.Step($"TLS at {start}");
                    negotiation.EnterTls();
                    _isSecure = true;
                }
                else if (outcome != NbdNegotiationOutcome.NeedMore)
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

    /// <summary>What the mode promises, whatever was said.</summary>
    private void CheckSecrets(NbdNegotiationOutcome outcome, NbdServerNegotiation negotiation)
    {
        ReadOnlySpan<byte> answer = _replies.WrittenSpan;
        Demand(outcome != NbdNegotiationOutcome.StartTls || (tlsMode != NbdTlsMode.Off && !_isSecure), "TLS begins where it must not");
        if (_isSecure)
        {
            Demand(!HasReply(answer, NbdOptionReplyType.ErrorTlsRequired), "TLS is required of a session that has it");
            return;
        }

        Demand(answer.IndexOf(Encoding.UTF8.GetBytes(FuzzCatalog.Secret)) < 0, "a session without TLS is told of a TLS-only export");
        Demand(negotiation.Terms?.Export.IsTlsOnly != true, "a session without TLS has chosen a TLS-only export");
        Demand(tlsMode != NbdTlsMode.Off || !HasReply(answer, NbdOptionReplyType.ErrorTlsRequired), "TLS is required where there is none");
        Demand(
            tlsMode != NbdTlsMode.Required
                || (outcome is not (NbdNegotiationOutcome.Chosen or NbdNegotiationOutcome.Silent) && !HasReply(answer, NbdOptionReplyType.Info)),
            "a session without TLS is served where it is required");
    }

    private static bool HasReply(ReadOnlySpan<byte> answer, NbdOptionReplyType type)
    {
        while (NbdOptionReplyHeader.SizeBytes <= answer.Length && NbdOptionReplyHeader.TryRead(answer, out NbdOptionReplyHeader header))
        {
            if (header.Type == type)
            {
                return true;
            }

            answer = answer[(NbdOptionReplyHeader.SizeBytes + (int)header.LengthBytes)..];
        }

        return false;
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(otherwise);
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

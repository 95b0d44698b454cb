using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Targets;

/// <summary>Takes requests as a server does and holds every verdict against rules worked out anew, in 128 bits.</summary>
internal static class RequestTarget
{
    private const int MaxRequests = 4096;

    public static void Run(ReadOnlySpan<byte> input, NbdSessionTerms terms, Transcript transcript)
    {
        NbdRequestFraming framing = new(terms.Replies);
        for (int count = 0; count < MaxRequests && input.Length >= framing.SizeBytes; count++)
        {
            if (!framing.TryRead(input, out NbdRequestHeader header) || header.Command == NbdCommand.Disconnect)
            {
                transcript.Step("ends");
                return;
            }

            input = input[framing.SizeBytes..];
            NbdVerdict verdict = NbdRequestJudge.Judge(header, terms);
            transcript.Step($"{header.Command}: {verdict.Error} {verdict.Payload}");
            CheckRoom(header, verdict, terms);
            bool isPayloadLength = header.Command == NbdCommand.BlockStatus && verdict.Payload != NbdPayloadRoom.None;
            if (!isPayloadLength)
            {
                CheckRefusal(header, verdict.Refusal, terms);
            }

            ulong payloadBytes = verdict.Payload == NbdPayloadRoom.None ? 0 : header.LengthBytes;
            if (verdict.Payload == NbdPayloadRoom.Close || payloadBytes > (ulong)input.Length)
            {
                return;
            }

            if (verdict.Payload == NbdPayloadRoom.Take && header.Command == NbdCommand.BlockStatus)
            {
                CheckStatus(header, input[..(int)payloadBytes], terms, transcript);
            }

            input = input[(int)payloadBytes..];
        }
    }

    private static void CheckStatus(
        in NbdRequestHeader header, ReadOnlySpan<byte> payload, NbdSessionTerms terms, Transcript transcript)
    {
        NbdRefusal refusal = NbdRequestJudge.JudgeStatusPayload(
            header, payload, terms, out NbdRequestHeader effective, out IReadOnlyList<NbdMetaContext> contexts);
        transcript.Step($"status: {refusal.Error}");
        CheckRefusal(effective, refusal, terms);
        bool isTold = refusal.Error == NbdError.None;
        Demand(header, !isTold || (contexts.Count > 0 && contexts.All(terms.Contexts.Contains)), "is told of contexts that were not selected");
        Demand(header, !isTold || contexts.Distinct().Count() == contexts.Count, "is told of a context twice");
    }

    /// <summary>What is accepted is possible here, and a refusal's place lies inside the request.</summary>
    private static void CheckRefusal(in NbdRequestHeader header, in NbdRefusal refusal, NbdSessionTerms terms)
    {
        NbdExport export = terms.Export;
        ulong length = header.LengthBytes;
        bool isAccepted = refusal.Error == NbdError.None;
        bool changes = header.Command is NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim;
        bool carries = header.Command is NbdCommand.Read or NbdCommand.Write;
        Demand(header, !isAccepted || (UInt128)header.OffsetBytes + length <= (UInt128)export.SizeBytes, "is past the end and accepted");
        Demand(header, !isAccepted || !changes || !export.Flags.HasFlag(NbdTransmissionFlags.ReadOnly), "changes a read-only export");
        Demand(header, !isAccepted || !carries || length <= export.BlockSizes.MaximumPayloadBytes, "is too large and accepted");
        Demand(header, !isAccepted || (header.OffsetBytes | length) % export.BlockSizes.MinimumBytes == 0, "is off the grid and accepted");
        Demand(header, !isAccepted || header.Command != NbdCommand.BlockStatus || terms.Contexts.Count > 0, "has no context and is accepted");
        Demand(
            header, !isAccepted || (header.Flags & NbdCommandFlags.Fua) == NbdCommandFlags.None || export.Flags.HasFlag(NbdTransmissionFlags.SendFua),
            "has FUA, which was not offered");
        Demand(
            header, refusal.AtBytes is not { } at || (at >= header.OffsetBytes && at < (UInt128)header.OffsetBytes + length),
            "is refused at a place outside it");
    }

    /// <summary>What follows a header is known from the header alone, and bounded.</summary>
    private static void CheckRoom(in NbdRequestHeader header, in NbdVerdict verdict, NbdSessionTerms terms)
    {
        bool isMarked = (header.Flags & NbdCommandFlags.PayloadLength) != NbdCommandFlags.None;
        bool hasPayload = header.Command == NbdCommand.Write || (terms.Replies == NbdReplyStyle.Extended && isMarked);
        Demand(header, hasPayload == (verdict.Payload != NbdPayloadRoom.None), "has a wrong room for its payload");
        Demand(
            header, verdict.Payload != NbdPayloadRoom.Take
                || (verdict.Error == NbdError.None && header.LengthBytes <= NbdLimits.MaxPayloadBytes),
            "has a payload that is taken in spite of all");
        Demand(
            header, verdict.Payload != NbdPayloadRoom.Drain
                || (verdict.Error != NbdError.None && header.LengthBytes <= NbdLimits.MaxDrainedPayloadBytes),
            "has a payload that is read over");
    }

    private static void Demand(in NbdRequestHeader header, bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException($"a request {otherwise} [{header}]");
        }
    }
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>Judges a request by its header, before anything is allocated or read for it. Pure.</summary>
/// <remarks>
/// The order of the checks is the order of what a client's author wants to hear first: a command or flag that is not known,
/// a write that is never allowed, a range that does not exist, a grid that is not kept, a payload that is too large.
/// DISC is no request to be answered and never comes here.
/// </remarks>
public static class NbdRequestJudge
{
    private static readonly NbdRefusal BadFlags = Invalid("this command is not known here, or does not take these flags");
    private static readonly NbdRefusal ReadOnly = new(NbdError.NotPermitted, "this export is read-only");
    private static readonly NbdRefusal FlushedRange = Invalid("FLUSH takes no offset and no length");
    private static readonly NbdRefusal NoContext = Invalid("no metadata context was selected for this export");
    private static readonly NbdRefusal Nothing = Invalid("BLOCK_STATUS needs a length");
    private static readonly NbdRefusal BadIds = Invalid("the payload is no length and ids of selected contexts, each once");
    private static readonly NbdRefusal OffGrid = Invalid("offset and length must be multiples of the minimum block size");
    private static readonly NbdRefusal TooLarge = Invalid("the length is above the maximum payload");

    public static NbdVerdict Judge(in NbdRequestHeader header, NbdSessionTerms terms)
    {
        bool isMarked = (header.Flags & NbdCommandFlags.PayloadLength) != NbdCommandFlags.None;
        if (terms.Replies == NbdReplyStyle.Extended && isMarked && header.Command != NbdCommand.Write)
        {
            return JudgePayload(header, terms);
        }

        NbdRefusal refusal = FindRefusal(header, terms);
        if (header.Command != NbdCommand.Write)
        {
            return new NbdVerdict(refusal, NbdPayloadRoom.None);
        }

        // A payload is read completely before its error is answered (Q6): otherwise it would be taken for requests.
        NbdPayloadRoom room = header.LengthBytes > NbdLimits.MaxDrainedPayloadBytes ? NbdPayloadRoom.Close
            : refusal.Error != NbdError.None ? NbdPayloadRoom.Drain
            : NbdPayloadRoom.Take;
        return new NbdVerdict(refusal, room);
    }

    /// <summary>Judges a BLOCK_STATUS whose payload has arrived: the request it stands for, and for which contexts.</summary>
    public static NbdRefusal JudgeStatusPayload(
        in NbdRequestHeader header, ReadOnlySpan<byte> payload, NbdSessionTerms terms, out NbdRequestHeader effective,
        out IReadOnlyList<NbdMetaContext> contexts)
    {
        effective = header with
        {
            Flags = header.Flags & ~NbdCommandFlags.PayloadLength,
            LengthBytes = NbdStatusPayload.ReadLength(payload),
        };
        return NbdStatusPayload.TryPick(payload, terms.Contexts, out contexts) ? FindRefusal(effective, terms) : BadIds;
    }

    /// <summary>With PAYLOAD_LEN the length is the payload's. Only a BLOCK_STATUS can have a meaning for one; others' are read
    /// over, unless that is too much to ask (Y13).</summary>
    private static NbdVerdict JudgePayload(in NbdRequestHeader header, NbdSessionTerms terms)
    {
        if (header.LengthBytes > terms.Export.BlockSizes.MaximumPayloadBytes)
        {
            return new NbdVerdict(BadFlags, NbdPayloadRoom.Close);
        }

        bool isOffered = header.Command == NbdCommand.BlockStatus
            && terms.Export.Flags.HasFlag(NbdTransmissionFlags.BlockStatusPayload);
        return !isOffered ? new NbdVerdict(BadFlags, NbdPayloadRoom.Drain)
            : NbdStatusPayload.IsLengthValid(header.LengthBytes, terms.Contexts.Count)
                ? new NbdVerdict(NbdRefusal.None, NbdPayloadRoom.Take)
            : new NbdVerdict(BadIds, NbdPayloadRoom.Drain);
    }

    private static NbdRefusal FindRefusal(in NbdRequestHeader header, NbdSessionTerms terms)
    {
        NbdExport export = terms.Export;
        if (!AreFlagsValid(header, export.Flags, terms.Replies))
        {
            return BadFlags;
        }

        bool writes = header.Command is NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim;
        if (writes && export.Flags.HasFlag(NbdTransmissionFlags.ReadOnly))
        {
            return ReadOnly;
        }

        if (header.Command == NbdCommand.Flush)
        {
            return header.OffsetBytes == 0 && header.LengthBytes == 0 ? NbdRefusal.None : FlushedRange;
        }

        if (header.Command == NbdCommand.BlockStatus && (terms.Contexts.Count == 0 || header.LengthBytes == 0))
        {
            return header.LengthBytes == 0 ? Nothing : NoContext;
        }

        ulong sizeBytes = (ulong)export.SizeBytes;
        bool isInside = header.LengthBytes <= sizeBytes && header.OffsetBytes <= sizeBytes - header.LengthBytes;
        if (!isInside)
        {
            return PastTheEnd(header, sizeBytes);
        }

        ulong gridMask = export.BlockSizes.MinimumBytes - 1;
        if (((header.OffsetBytes | header.LengthBytes) & gridMask) != 0)
        {
            return OffGrid;
        }

        bool isTooLarge = header.Command is NbdCommand.Read or NbdCommand.Write
            && header.LengthBytes > export.BlockSizes.MaximumPayloadBytes;
        return isTooLarge ? TooLarge : NbdRefusal.None;
    }

    private static NbdRefusal PastTheEnd(in NbdRequestHeader header, ulong sizeBytes)
    {
        const string why = "the range does not lie inside the export";
        if (header.Command is NbdCommand.Write or NbdCommand.WriteZeroes)
        {
            return new NbdRefusal(NbdError.NoSpace, why);
        }

        // Only a READ is told where; a place must lie inside the request, which one of no length does not have. Nor has one whose end
        // is no offset: clients that add up (libnbd 1.14) get a small number, take our place for a lie, and go.
        bool hasPlaces = header.LengthBytes > 0 && header.OffsetBytes <= long.MaxValue - header.LengthBytes && header.LengthBytes <= long.MaxValue;
        return header.Command == NbdCommand.Read && hasPlaces
            ? new NbdRefusal(NbdError.InvalidArgument, why, Math.Max(header.OffsetBytes, sizeBytes))
            : Invalid(why);
    }

    /// <summary>Whether the command is offered, and takes these flags. FUA goes with every command once it is offered
    /// (Q9).</summary>
    private static bool AreFlagsValid(in NbdRequestHeader header, NbdTransmissionFlags offered, NbdReplyStyle replies)
    {
        NbdCommandFlags valid = offered.HasFlag(NbdTransmissionFlags.SendFua) ? NbdCommandFlags.Fua : NbdCommandFlags.None;
        NbdTransmissionFlags needed = NbdTransmissionFlags.None;
        switch (header.Command)
        {
            case NbdCommand.Read:
                valid |= offered.HasFlag(NbdTransmissionFlags.SendDf) ? NbdCommandFlags.DontFragment : NbdCommandFlags.None;
                break;
            case NbdCommand.Write when replies == NbdReplyStyle.Extended:
                // A client must set it, and QEMU's (8.2 to 10 at least) does not: a WRITE has its payload either way.
                valid |= NbdCommandFlags.PayloadLength;
                break;
            case NbdCommand.Write:
                break;
            case NbdCommand.BlockStatus when replies != NbdReplyStyle.Simple:
                valid |= NbdCommandFlags.RequestOne;
                break;
            case NbdCommand.Flush:
                needed = NbdTransmissionFlags.SendFlush;
                break;
            case NbdCommand.Trim:
                needed = NbdTransmissionFlags.SendTrim;
                break;
            case NbdCommand.Cache:
                needed = NbdTransmissionFlags.SendCache;
                break;
            case NbdCommand.WriteZeroes:
                needed = NbdTransmissionFlags.SendWriteZeroes;
                valid |= NbdCommandFlags.NoHole;
                valid |= offered.HasFlag(NbdTransmissionFlags.SendFastZero) ? NbdCommandFlags.FastZero : NbdCommandFlags.None;
                break;
            default:
                return false;
        }

        return offered.HasFlag(needed) && (header.Flags & ~valid) == NbdCommandFlags.None;
    }

    private static NbdRefusal Invalid(string why) => new(NbdError.InvalidArgument, why);
}

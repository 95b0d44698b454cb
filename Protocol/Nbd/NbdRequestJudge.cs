namespace BlockEmu.Protocol.Nbd;

/// <summary>Judges a request by its header, before anything is allocated or read for it. Pure.</summary>
/// <remarks>
/// The order of the checks is the order of what a client's author wants to hear first: a command or flag that is not known,
/// a write that is never allowed, a range that does not exist, a grid that is not kept, a payload that is too large.
/// DISC is no request to be answered and never comes here.
/// </remarks>
public static class NbdRequestJudge
{
    public static NbdVerdict Judge(in NbdRequestHeader header, NbdExport export)
    {
        NbdError error = FindError(header, export);
        if (header.Command != NbdCommand.Write)
        {
            return new NbdVerdict(error, NbdPayloadRoom.None);
        }

        // A payload is read completely before its error is answered (Q6): otherwise it would be taken for requests.
        NbdPayloadRoom room = header.LengthBytes > NbdLimits.MaxDrainedPayloadBytes ? NbdPayloadRoom.Close
            : error != NbdError.None ? NbdPayloadRoom.Drain
            : NbdPayloadRoom.Take;
        return new NbdVerdict(error, room);
    }

    private static NbdError FindError(in NbdRequestHeader header, NbdExport export)
    {
        if (!AreFlagsValid(header, export.Flags))
        {
            return NbdError.InvalidArgument;
        }

        bool writes = header.Command is NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim;
        if (writes && export.Flags.HasFlag(NbdTransmissionFlags.ReadOnly))
        {
            return NbdError.NotPermitted;
        }

        if (header.Command == NbdCommand.Flush)
        {
            return header.OffsetBytes == 0 && header.LengthBytes == 0 ? NbdError.None : NbdError.InvalidArgument;
        }

        ulong sizeBytes = (ulong)export.SizeBytes;
        bool isInside = header.LengthBytes <= sizeBytes && header.OffsetBytes <= sizeBytes - header.LengthBytes;
        if (!isInside)
        {
            return header.Command is NbdCommand.Write or NbdCommand.WriteZeroes
                ? NbdError.NoSpace
                : NbdError.InvalidArgument;
        }

        ulong gridMask = export.BlockSizes.MinimumBytes - 1;
        if (((header.OffsetBytes | header.LengthBytes) & gridMask) != 0)
        {
            return NbdError.InvalidArgument;
        }

        bool isTooLarge = header.Command is NbdCommand.Read or NbdCommand.Write
            && header.LengthBytes > export.BlockSizes.MaximumPayloadBytes;
        return isTooLarge ? NbdError.InvalidArgument : NbdError.None;
    }

    /// <summary>Whether the command is offered, and takes these flags. FUA goes with every command once it is offered
    /// (Q9).</summary>
    private static bool AreFlagsValid(in NbdRequestHeader header, NbdTransmissionFlags offered)
    {
        NbdCommandFlags valid = offered.HasFlag(NbdTransmissionFlags.SendFua) ? NbdCommandFlags.Fua : NbdCommandFlags.None;
        NbdTransmissionFlags needed;
        switch (header.Command)
        {
            case NbdCommand.Read or NbdCommand.Write:
                needed = NbdTransmissionFlags.None;
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
}

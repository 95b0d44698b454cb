using System.Buffers;

namespace BlockEmu.Protocol.Nbd;

/// <summary>What each option is answered with, once it has arrived whole.</summary>
internal sealed class NbdOptionAnswers(INbdExportCatalog catalog, IBufferWriter<byte> replies)
{
    public NbdClientFlags ClientFlags { get; set; }

    public NbdExport? Chosen { get; private set; }

    public NbdDropReason DropReason { get; private set; }

    /// <summary>The options whose data is looked at; that of all others is read over.</summary>
    public static bool NeedsData(NbdOptionHeader option) =>
        option.Option is NbdOption.ExportName or NbdOption.Info or NbdOption.Go;

    /// <summary>Answers an option that <see cref="NeedsData"/>.</summary>
    public NbdNegotiationOutcome Answer(NbdOption option, ReadOnlySpan<byte> data)
    {
        if (option == NbdOption.ExportName)
        {
            return AnswerExportName(data);
        }

        if (!IsFixed)
        {
            return RefuseUnfixed(option);
        }

        if (!NbdInfoRequest.TryRead(data, out NbdInfoRequest request))
        {
            return Refuse(option, NbdOptionReplyType.ErrorInvalid, "the name or the information list is badly formed");
        }

        return AnswerInfo(option, request);
    }

    /// <summary>Answers an option whose data, if any, was read over.</summary>
    public NbdNegotiationOutcome AnswerSkipped(NbdOptionHeader option)
    {
        if (option.Option == NbdOption.Abort)
        {
            NbdOptionReplies.Acknowledge(replies, option.Option);
            return NbdNegotiationOutcome.Aborted;
        }

        if (!IsFixed)
        {
            return RefuseUnfixed(option.Option);
        }

        return option.Option switch
        {
            NbdOption.Info or NbdOption.Go =>
                Refuse(option.Option, NbdOptionReplyType.ErrorInvalid, "the option is longer than its parts can be"),
            NbdOption.List or NbdOption.StartTls when option.LengthBytes != 0 =>
                Refuse(option.Option, NbdOptionReplyType.ErrorInvalid, "this option takes no data"),
            NbdOption.List => AnswerList(),
            NbdOption.StartTls => Refuse(option.Option, NbdOptionReplyType.ErrorPolicy, "TLS is off here"),
            _ => Refuse(option.Option, NbdOptionReplyType.ErrorUnsupported, "this option is not known here"),
        };
    }

    private bool IsFixed => ClientFlags.HasFlag(NbdClientFlags.FixedNewstyle);

    private NbdNegotiationOutcome AnswerExportName(ReadOnlySpan<byte> data)
    {
        if (!NbdText.TryRead(data, out string name))
        {
            return Drop(NbdDropReason.BadExportName);
        }

        switch (catalog.Find(name, out NbdExport? export))
        {
            case NbdExportState.Ready:
                int paddingBytes = ClientFlags.HasFlag(NbdClientFlags.NoZeroes) ? 0 : NbdExportInfo.ExportNamePaddingBytes;
                Span<byte> reply = replies.GetSpan(NbdExportInfo.WireSizeBytes + paddingBytes);
                export!.Info.Write(reply);
                reply.Slice(NbdExportInfo.WireSizeBytes, paddingBytes).Clear();
                replies.Advance(NbdExportInfo.WireSizeBytes + paddingBytes);
                Chosen = export;
                return NbdNegotiationOutcome.Chosen;
            case NbdExportState.Silent:
                return NbdNegotiationOutcome.Silent;
            case NbdExportState.ShutDown or NbdExportState.Resetting:
                return Drop(NbdDropReason.ExportOff);
            default:
                return Drop(NbdDropReason.UnknownExport);
        }
    }

    private NbdNegotiationOutcome AnswerInfo(NbdOption option, in NbdInfoRequest request)
    {
        switch (catalog.Find(request.Name, out NbdExport? export))
        {
            case NbdExportState.Ready:
                NbdOptionReplies.Describe(replies, option, request, export!);
                NbdOptionReplies.Acknowledge(replies, option);
                Chosen = option == NbdOption.Go ? export : null;
                return Chosen is null ? NbdNegotiationOutcome.NeedMore : NbdNegotiationOutcome.Chosen;
            case NbdExportState.ShutDown:
                return Refuse(option, NbdOptionReplyType.ErrorShutdown, "the power of this disk is off");
            case NbdExportState.Silent:
                return NbdNegotiationOutcome.Silent;
            case NbdExportState.Resetting:
                return Drop(NbdDropReason.ExportOff);
            default:
                return Refuse(option, NbdOptionReplyType.ErrorUnknown, "there is no export of this name");
        }
    }

    private NbdNegotiationOutcome AnswerList()
    {
        foreach (NbdExport export in catalog.List())
        {
            NbdOptionReplies.Server(replies, NbdOption.List, export);
        }

        NbdOptionReplies.Acknowledge(replies, NbdOption.List);
        return NbdNegotiationOutcome.NeedMore;
    }

    private NbdNegotiationOutcome RefuseUnfixed(NbdOption option) =>
        Refuse(option, NbdOptionReplyType.ErrorInvalid, "only EXPORT_NAME is valid without fixed newstyle");

    private NbdNegotiationOutcome Refuse(NbdOption option, NbdOptionReplyType error, string why)
    {
        NbdOptionReplies.Refuse(replies, option, error, why);
        return NbdNegotiationOutcome.NeedMore;
    }

    private NbdNegotiationOutcome Drop(NbdDropReason reason)
    {
        DropReason = reason;
        return NbdNegotiationOutcome.Dropped;
    }
}

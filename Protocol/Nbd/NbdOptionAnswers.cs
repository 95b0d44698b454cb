using System.Buffers;

namespace BlockEmu.Protocol.Nbd;

/// <summary>What each option is answered with, once it has arrived whole.</summary>
internal sealed class NbdOptionAnswers(NbdTlsGate gate, IBufferWriter<byte> replies)
{
    private readonly NbdMetaContextAnswers _contexts = new(replies);
    private NbdReplyStyle _style;

    public NbdClientFlags ClientFlags { get; set; }

    /// <summary>Set when an export was chosen.</summary>
    public NbdSessionTerms? Terms { get; private set; }

    public NbdDropReason DropReason { get; private set; }

    /// <summary>From now on the session has TLS, and has negotiated nothing. The client's flags stay: they are not sent
    /// again.</summary>
    public void EnterTls()
    {
        gate.Open();
        _style = NbdReplyStyle.Simple;
        _contexts.Clear();
    }

    /// <summary>The options whose data is looked at; that of all others is read over.</summary>
    public bool NeedsData(NbdOptionHeader option) =>
        !gate.Bars(option.Option) && option.Option is NbdOption.ExportName or NbdOption.Info or NbdOption.Go
            or NbdOption.ListMetaContext or NbdOption.SetMetaContext;

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

        if (option is NbdOption.ListMetaContext or NbdOption.SetMetaContext)
        {
            return AnswerMetaContext(option, data);
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

        if (gate.Bars(option.Option))
        {
            return Bar(option.Option);
        }

        if (!IsFixed)
        {
            return RefuseUnfixed(option.Option);
        }

        if (option.Option == NbdOption.SetMetaContext)
        {
            _contexts.Clear();
        }

        return option.Option switch
        {
            NbdOption.Info or NbdOption.Go =>
                Refuse(option.Option, NbdOptionReplyType.ErrorInvalid, "the option is longer than its parts can be"),
            NbdOption.ListMetaContext or NbdOption.SetMetaContext =>
                Refuse(option.Option, NbdOptionReplyType.ErrorTooBig, "these are more queries than are looked at here"),
            NbdOption.List or NbdOption.StartTls or NbdOption.StructuredReply or NbdOption.ExtendedHeaders
                when option.LengthBytes != 0 =>
                Refuse(option.Option, NbdOptionReplyType.ErrorInvalid, "this option takes no data"),
            NbdOption.List => AnswerList(),
            NbdOption.StructuredReply => AcceptStyle(option.Option, NbdReplyStyle.Structured),
            NbdOption.ExtendedHeaders => AcceptStyle(option.Option, NbdReplyStyle.Extended),
            NbdOption.StartTls => AnswerStartTls(),
            _ => Refuse(option.Option, NbdOptionReplyType.ErrorUnsupported, "this option is not known here"),
        };
    }

    private bool IsFixed => ClientFlags.HasFlag(NbdClientFlags.FixedNewstyle);

    private NbdNegotiationOutcome AnswerExportName(ReadOnlySpan<byte> data)
    {
        if (_style == NbdReplyStyle.Extended)
        {
            return Drop(NbdDropReason.ExportNameForbidden);
        }

        if (!NbdText.TryRead(data, out string name))
        {
            return Drop(NbdDropReason.BadExportName);
        }

        switch (gate.Find(name, out NbdExport? export))
        {
            case NbdExportState.Ready:
                int paddingBytes = ClientFlags.HasFlag(NbdClientFlags.NoZeroes) ? 0 : NbdExportInfo.ExportNamePaddingBytes;
                Span<byte> reply = replies.GetSpan(NbdExportInfo.WireSizeBytes + paddingBytes);
                Choose(export!);
                Terms!.Export.Info.Write(reply);
                reply.Slice(NbdExportInfo.WireSizeBytes, paddingBytes).Clear();
                replies.Advance(NbdExportInfo.WireSizeBytes + paddingBytes);
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
        if (!TryFind(option, request.Name, out NbdExport? export, out NbdNegotiationOutcome outcome))
        {
            return outcome;
        }

        NbdOptionReplies.Describe(replies, option, request, Flavoured(export!));
        NbdOptionReplies.Acknowledge(replies, option);
        if (option != NbdOption.Go)
        {
            return NbdNegotiationOutcome.NeedMore;
        }

        Choose(export!);
        return NbdNegotiationOutcome.Chosen;
    }

    private NbdNegotiationOutcome AnswerMetaContext(NbdOption option, ReadOnlySpan<byte> data)
    {
        bool selects = option == NbdOption.SetMetaContext;
        if (selects)
        {
            _contexts.Clear();
        }

        if (selects && _style == NbdReplyStyle.Simple)
        {
            return Refuse(option, NbdOptionReplyType.ErrorInvalid, "structured replies were not negotiated");
        }

        if (!NbdMetaContextRequest.TryRead(data, out NbdMetaContextRequest request))
        {
            return Refuse(option, NbdOptionReplyType.ErrorInvalid, "the name or the queries are badly formed");
        }

        if (request.QueryCount > NbdLimits.MaxMetaContextQueries)
        {
            return Refuse(option, NbdOptionReplyType.ErrorTooBig, "these are more queries than are looked at here");
        }

        if (!TryFind(option, request.Name, out NbdExport? export, out NbdNegotiationOutcome outcome))
        {
            return outcome;
        }

        if (selects)
        {
            _contexts.Set(request, export!);
        }
        else
        {
            _contexts.List(request, export!);
        }

        return NbdNegotiationOutcome.NeedMore;
    }

    /// <summary>The export, or what its name is answered with instead.</summary>
    private bool TryFind(NbdOption option, string name, out NbdExport? export, out NbdNegotiationOutcome outcome)
    {
        NbdExportState state = gate.Find(name, out export);
        outcome = state switch
        {
            NbdExportState.Ready => NbdNegotiationOutcome.NeedMore,
            NbdExportState.ShutDown => Refuse(option, NbdOptionReplyType.ErrorShutdown, "the power of this disk is off"),
            NbdExportState.Silent => NbdNegotiationOutcome.Silent,
            NbdExportState.Resetting => Drop(NbdDropReason.ExportOff),
            _ when gate.HidesNames && option is NbdOption.Info or NbdOption.Go =>
                Refuse(option, NbdOptionReplyType.ErrorTlsRequired, "there is no export of this name without TLS"),
            _ => Refuse(option, NbdOptionReplyType.ErrorUnknown, "there is no export of this name"),
        };
        return state == NbdExportState.Ready;
    }

    private NbdNegotiationOutcome AnswerStartTls()
    {
        if (!gate.IsOffered)
        {
            return Refuse(NbdOption.StartTls, NbdOptionReplyType.ErrorPolicy, "TLS is off here");
        }

        if (gate.IsSecure)
        {
            return Refuse(NbdOption.StartTls, NbdOptionReplyType.ErrorInvalid, "this session has TLS already");
        }

        NbdOptionReplies.Acknowledge(replies, NbdOption.StartTls);
        return NbdNegotiationOutcome.StartTls;
    }

    private NbdNegotiationOutcome Bar(NbdOption option)
    {
        if (option == NbdOption.ExportName)
        {
            return Drop(NbdDropReason.TlsRequired);
        }

        // A client without fixed newstyle can never have TLS.
        return IsFixed
            ? Refuse(option, NbdOptionReplyType.ErrorTlsRequired, "nothing is said here without TLS")
            : RefuseUnfixed(option);
    }

    /// <summary>Extended headers take precedence over structured replies, whichever came first.</summary>
    private NbdNegotiationOutcome AcceptStyle(NbdOption option, NbdReplyStyle style)
    {
        if (_style >= style)
        {
            return _style == style
                ? Refuse(option, NbdOptionReplyType.ErrorInvalid, "this was negotiated already")
                : Refuse(option, NbdOptionReplyType.ErrorExtendedHeaderRequired, "headers are extended already");
        }

        _style = style;
        NbdOptionReplies.Acknowledge(replies, option);
        return NbdNegotiationOutcome.NeedMore;
    }

    private void Choose(NbdExport export) =>
        Terms = new NbdSessionTerms(Flavoured(export)) { Replies = _style, Contexts = _contexts.SelectedFor(export) };

    /// <summary>The export as what was negotiated lets it be: DF belongs to structured replies, a BLOCK_STATUS's payload to
    /// extended headers with contexts.</summary>
    private NbdExport Flavoured(NbdExport export)
    {
        NbdTransmissionFlags flags = _style == NbdReplyStyle.Simple ? NbdTransmissionFlags.None : NbdTransmissionFlags.SendDf;
        if (_style == NbdReplyStyle.Extended && _contexts.SelectedFor(export).Count > 0)
        {
            flags |= NbdTransmissionFlags.BlockStatusPayload;
        }

        return export with { Flags = export.Flags | flags };
    }

    private NbdNegotiationOutcome AnswerList()
    {
        foreach (NbdExport export in gate.List())
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

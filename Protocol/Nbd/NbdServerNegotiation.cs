using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The server's side of fixed newstyle negotiation, without any I/O: bytes in, replies out.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Every byte of an option is consumed exactly once, known or not; the next option is always
/// found.</description></item>
/// <item><description>However the input is cut into pieces, the same replies come out.</description></item>
/// <item><description>One call answers at most one option, so a call's replies are bounded by one answer.</description></item>
/// <item><description>At most <see cref="NbdLimits.MaxOptionDataBytes"/> are held, and no more than have arrived
/// (rounded up to a power of two).</description></item>
/// <item><description>Nothing that was negotiated before TLS holds after it, and an export that is for TLS only is, for a
/// session without, in no answer different from one that does not exist.</description></item>
/// </list>
/// </remarks>
public sealed class NbdServerNegotiation
{
    private readonly IBufferWriter<byte> _replies;
    private readonly NbdTlsGate _gate;
    private readonly NbdOptionAnswers _answers;
    private byte[] _held = new byte[64];
    private int _heldBytes;
    private int _neededBytes = NbdGreeting.ClientFlagsSizeBytes;
    private uint _bytesToSkip;
    private Phase _phase = Phase.ClientFlags;
    private NbdOptionHeader _option;

    /// <param name="catalog">The exports.</param>
    /// <param name="replies">Where the answers go.</param>
    /// <param name="tlsMode">What STARTTLS and a session without it come to.</param>
    public NbdServerNegotiation(
        INbdExportCatalog catalog, IBufferWriter<byte> replies, NbdTlsMode tlsMode = NbdTlsMode.Off)
    {
        _replies = replies;
        _gate = new NbdTlsGate(catalog, tlsMode);
        _answers = new NbdOptionAnswers(_gate, replies);
    }

    private enum Phase
    {
        ClientFlags,
        OptionHeader,
        OptionData,
        SkippedOption,
        Handshake,
        Over,
    }

    /// <summary>What this server offers.</summary>
    public static NbdGreeting Greeting => new(NbdHandshakeFlags.FixedNewstyle | NbdHandshakeFlags.NoZeroes);

    /// <summary>Set when the outcome is Chosen.</summary>
    public NbdSessionTerms? Terms => _answers.Terms;

    /// <summary>Set when the outcome is Dropped.</summary>
    public NbdDropReason DropReason { get; private set; }

    /// <summary>From now on every option but ABORT is refused with <c>NBD_REP_ERR_SHUTDOWN</c>; EXPORT_NAME, which knows
    /// no refusal, ends the session.</summary>
    public bool IsShuttingDown { get; set; }

    /// <summary>After the outcome StartTls and a successful handshake: goes on as a session with TLS that has negotiated
    /// nothing.</summary>
    public void EnterTls()
    {
        if (_phase != Phase.Handshake)
        {
            throw new InvalidOperationException("STARTTLS was not accepted");
        }

        _answers.EnterTls();
        Expect(Phase.OptionHeader, NbdOptionHeader.SizeBytes);
    }

    /// <summary>Takes input up to the end of one option. Not to be called again after another outcome than NeedMore, but for
    /// StartTls and then <see cref="EnterTls"/>.</summary>
    public NbdNegotiationOutcome Feed(ReadOnlySpan<byte> input, out int consumedBytes)
    {
        ObjectDisposedException.ThrowIf(_phase is Phase.Over or Phase.Handshake, this);
        consumedBytes = 0;
        while (Take(input, ref consumedBytes))
        {
            bool endsAnOption = _phase is Phase.OptionData or Phase.SkippedOption;
            NbdNegotiationOutcome outcome = _phase switch
            {
                Phase.ClientFlags => JudgeClientFlags(),
                Phase.OptionHeader => JudgeOptionHeader(),
                _ => AnswerOption(),
            };
            if (outcome != NbdNegotiationOutcome.NeedMore)
            {
                _phase = outcome == NbdNegotiationOutcome.StartTls ? Phase.Handshake : Phase.Over;
                return outcome;
            }

            if (endsAnOption)
            {
                break;
            }
        }

        return NbdNegotiationOutcome.NeedMore;
    }

    /// <summary>Moves input to where it is needed; true once this phase has all it needs.</summary>
    private bool Take(ReadOnlySpan<byte> input, ref int consumedBytes)
    {
        if (_phase == Phase.SkippedOption)
        {
            int skip = (int)Math.Min(_bytesToSkip, (uint)(input.Length - consumedBytes));
            consumedBytes += skip;
            _bytesToSkip -= (uint)skip;
            return _bytesToSkip == 0;
        }

        int take = Math.Min(_neededBytes - _heldBytes, input.Length - consumedBytes);
        if (_held.Length < _heldBytes + take)
        {
            Array.Resize(ref _held, (int)BitOperations.RoundUpToPowerOf2((uint)(_heldBytes + take)));
        }

        input.Slice(consumedBytes, take).CopyTo(_held.AsSpan(_heldBytes));
        consumedBytes += take;
        _heldBytes += take;
        return _heldBytes == _neededBytes;
    }

    private NbdNegotiationOutcome JudgeClientFlags()
    {
        var flags = (NbdClientFlags)BinaryPrimitives.ReadUInt32BigEndian(_held);
        if ((flags & ~(NbdClientFlags.FixedNewstyle | NbdClientFlags.NoZeroes)) != NbdClientFlags.None)
        {
            return Drop(NbdDropReason.UnknownClientFlags);
        }

        _answers.ClientFlags = flags;
        Expect(Phase.OptionHeader, NbdOptionHeader.SizeBytes);
        return NbdNegotiationOutcome.NeedMore;
    }

    private NbdNegotiationOutcome JudgeOptionHeader()
    {
        if (!NbdOptionHeader.TryRead(_held, out NbdOptionHeader option))
        {
            return Drop(NbdDropReason.BadOptionMagic);
        }

        if (option.LengthBytes > NbdLimits.MaxDrainedOptionBytes)
        {
            return Drop(NbdDropReason.OptionTooLong);
        }

        if (option.Option == NbdOption.ExportName && option.LengthBytes > NbdLimits.MaxStringBytes)
        {
            return Drop(NbdDropReason.BadExportName);
        }

        _option = option;
        if (_answers.NeedsData(option) && option.LengthBytes <= NbdLimits.MaxOptionDataBytes)
        {
            Expect(Phase.OptionData, (int)option.LengthBytes);
        }
        else
        {
            Expect(Phase.SkippedOption, 0);
            _bytesToSkip = option.LengthBytes;
        }

        return NbdNegotiationOutcome.NeedMore;
    }

    private NbdNegotiationOutcome AnswerOption()
    {
        if (IsShuttingDown && _option.Option != NbdOption.Abort && !_gate.Bars(_option.Option))
        {
            return RefuseForShutdown();
        }

        NbdNegotiationOutcome outcome = _phase == Phase.OptionData
            ? _answers.Answer(_option.Option, _held.AsSpan(0, _heldBytes))
            : _answers.AnswerSkipped(_option);
        Expect(Phase.OptionHeader, NbdOptionHeader.SizeBytes);
        return outcome == NbdNegotiationOutcome.Dropped ? Drop(_answers.DropReason) : outcome;
    }

    private NbdNegotiationOutcome RefuseForShutdown()
    {
        Expect(Phase.OptionHeader, NbdOptionHeader.SizeBytes);
        if (_option.Option == NbdOption.ExportName)
        {
            return Drop(NbdDropReason.ShuttingDown);
        }

        NbdOptionReplies.Refuse(
            _replies, _option.Option, NbdOptionReplyType.ErrorShutdown, "the server is shutting down");
        return NbdNegotiationOutcome.NeedMore;
    }

    private void Expect(Phase phase, int neededBytes)
    {
        _phase = phase;
        _neededBytes = neededBytes;
        _heldBytes = 0;
    }

    private NbdNegotiationOutcome Drop(NbdDropReason reason)
    {
        DropReason = reason;
        return NbdNegotiationOutcome.Dropped;
    }
}

namespace BlockEmu.Protocol.Nbd;

/// <summary>What a request's header alone decides.</summary>
/// <param name="Refusal">None: carry it out. Otherwise the whole answer.</param>
/// <param name="Payload">What to do with what follows the header.</param>
public readonly record struct NbdVerdict(NbdRefusal Refusal, NbdPayloadRoom Payload)
{
    /// <summary>The refusal's error.</summary>
    public NbdError Error => Refusal.Error;
}

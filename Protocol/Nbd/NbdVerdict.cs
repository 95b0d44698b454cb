namespace BlockEmu.Protocol.Nbd;

/// <summary>What a request's header alone decides.</summary>
/// <param name="Error">None: carry it out. Otherwise the whole answer.</param>
/// <param name="Payload">What to do with what follows the header.</param>
public readonly record struct NbdVerdict(NbdError Error, NbdPayloadRoom Payload);

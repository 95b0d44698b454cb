namespace BlockEmu.Protocol.Nbd;

/// <summary>An error with what a structured reply can say besides.</summary>
/// <param name="Error">None: no refusal.</param>
/// <param name="Why">A sentence for people, one of ours and so short.</param>
/// <param name="AtBytes">Where on the export, inside the request, if that is known.</param>
public readonly record struct NbdRefusal(NbdError Error, string Why = "", ulong? AtBytes = null)
{
    /// <summary>The longest <see cref="Why"/>, bytes.</summary>
    public const int MaxWhyBytes = 160;

    /// <summary>Success.</summary>
    public static NbdRefusal None => new(NbdError.None);
}

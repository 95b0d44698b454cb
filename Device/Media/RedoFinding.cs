namespace BlockEmu.Device.Media;

/// <summary>What a killed server had left beside an image.</summary>
/// <param name="State">What it was.</param>
/// <param name="RedoPath">Where it was, or would be.</param>
/// <param name="AsidePath">Where it is now, if it did not count and was put aside: it is kept until somebody deletes it.</param>
public readonly record struct RedoFinding(RedoState State, string RedoPath, string? AsidePath = null)
{
    /// <summary>Whether an atom of the image may be torn, and nobody can tell.</summary>
    public bool MayBeTorn => State
        is RedoState.OtherImage or RedoState.OtherBoot or RedoState.Changed or RedoState.Damaged or RedoState.Earlier or RedoState.Missing;

    /// <summary>Why what was there was not carried out; empty where <see cref="MayBeTorn"/> is false.</summary>
    public string Why => State switch
    {
        RedoState.OtherImage => "it is about another file, or this one at another length",
        RedoState.OtherBoot => "the host was started anew since its server was killed",
        RedoState.Changed => "somebody changed the image since its server was killed",
        RedoState.Damaged => "it is damaged",
        RedoState.Earlier => "another version of the server left it",
        RedoState.Missing => "it is not there, though the image's server was killed and the image says so",
        _ => "",
    };
}

namespace BlockEmu.Fuzz.Cases;

/// <summary>What one side says: messages of fields, as long as their borders are known.</summary>
public sealed record FuzzCase(CaseKind Kind, IReadOnlyList<IReadOnlyList<CaseField>> Messages)
{
    /// <summary>A case whose borders are lost: byte-level mutation knows none.</summary>
    public static FuzzCase OfBytes(CaseKind kind, byte[] bytes) => new(kind, [[new CaseField(bytes)]]);

    public byte[] ToBytes() => [.. Messages.SelectMany(static m => m).SelectMany(static f => f.Bytes)];
}

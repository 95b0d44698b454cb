using BlockEmu.Oracle.Atoms;

namespace BlockEmu.Oracle.Traces;

/// <summary>What the disk is, as far as legality needs it.</summary>
/// <param name="SizeBytes">A positive multiple of the block.</param>
/// <param name="Promise">Block size, and the atomicity that holds for every step that does not bring its own.</param>
/// <param name="HasCache">Off: every acknowledged write-class command is required, as with FUA.</param>
public sealed record TraceGeometry(long SizeBytes, AtomicityPromise Promise, bool HasCache = true)
{
    /// <summary>What is wrong with it, or <see langword="null"/>.</summary>
    public string? Fault() => Promise.Fault()
        ?? (SizeBytes <= 0 || SizeBytes % Promise.BlockSizeBytes != 0
            ? $"the size {SizeBytes} is no positive multiple of the block"
            : null);
}

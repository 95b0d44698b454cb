using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A step on blocks of one symbol each.</summary>
internal sealed record TinyStep(long Sequence, StepKind Kind, int At, int[] Content, bool IsFua)
{
    public override string ToString() => $"{Sequence}:{Kind}@{At}={string.Join("", Content)}{(IsFua ? "!" : "")}";
}

using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle;

/// <summary>Judges what a power cut left, from the event log and images alone.</summary>
/// <remarks>
/// The contract (the semantics, section 4), in the numbers that violations refer to:
/// <list type="number">
/// <item><description>A step is required when it was acknowledged with FUA or with the cache off, or when an acknowledged
/// flush had been accepted after its acknowledgement, or when it was destaged.</description></item>
/// <item><description>In each block, versions older than the newest required one are dead.</description></item>
/// <item><description>There is a set S of pending atoms such that every block shows the newest version among the required
/// ones and those in S, or the first content where there is none. An atom is in S whole.</description></item>
/// <item><description>Blocks that no step covers show the first content.</description></item>
/// </list>
/// </remarks>
public static class LegalityOracle
{
    /// <summary>Judges a platter.</summary>
    /// <param name="trace">The event log since power on.</param>
    /// <param name="first">The platter at that power on.</param>
    /// <param name="platter">The platter after the cut.</param>
    /// <param name="options">What to demand on top of the contract, and bounds.</param>
    public static Verdict Judge(
        DiskTrace trace, IPlatterImage first, IPlatterImage platter, JudgeOptions? options = null)
    {
        List<Judging.Version> versions = new(trace.Steps.Count);
        foreach (TraceStep step in trace.Steps)
        {
            IVersionContent content = step.Kind == StepKind.Write
                ? new PayloadContent(step.Range.OffsetBytes, step.Payload)
                : ZeroContent.Instance;
            versions.Add(new Judging.Version(
                step.Sequence, trace.IsRequired(step), step.IsAcknowledged, content,
                AtomLayout.For(step.Range.OffsetBytes, step.Range.LengthBytes, step.Promise), [step.Range])
            {
                IsFlushCovered = trace.IsFlushCovered(step),
            });
        }

        JudgeCase judged = new(trace.Geometry.SizeBytes, trace.Geometry.Promise.BlockSizeBytes, first, platter, versions)
        {
            FlushBorders = trace.FlushBorders,
        };
        string Why(int version) => trace.WhyRequired(trace.Steps[version]) ?? "required";
        return CaseJudge.Judge(judged, options ?? JudgeOptions.Default, Why);
    }
}

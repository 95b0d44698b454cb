using BlockEmu.Device.Power;

namespace BlockEmu.Server.Admin.Reports;

/// <summary>The body that sets a mark.</summary>
public sealed record MarkRequest(string Text);

/// <summary>A mark in the event log.</summary>
/// <param name="Sequence">The newest sequence number when it was set.</param>
/// <param name="Text">As given.</param>
public sealed record MarkInfo(long Sequence, string Text)
{
    internal static MarkInfo From(DiskMark mark) => new(mark.Sequence, mark.Text);
}

/// <summary>The marks, oldest first.</summary>
public sealed record MarkListInfo(IReadOnlyList<MarkInfo> Marks);

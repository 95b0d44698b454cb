namespace BlockEmu.Oracle.Outside;

/// <summary>Why a guess fails: in this block a survivor cannot lie under what is shown.</summary>
/// <param name="Block">The block.</param>
/// <param name="Survivor">The atom that survived and covers it.</param>
/// <param name="Shown">The atom that it shows, or <see cref="WriterState.First"/>.</param>
internal readonly record struct Conflict(int Block, int Survivor, int Shown);

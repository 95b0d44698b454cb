namespace BlockEmu.Oracle.Judging;

/// <summary>The judgement costs more than it was allowed: undecided. Never leaves the oracle.</summary>
internal sealed class BudgetExhaustedException : InvalidOperationException;

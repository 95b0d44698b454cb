namespace BlockEmu.Oracle.Judging;

/// <summary>Bounds one judgement: each look at a version, an atom or a block costs one.</summary>
internal sealed class WorkBudget(long units)
{
    private long _left = units;

    public void Spend(long units)
    {
        _left -= units;
        if (_left < 0)
        {
            throw new BudgetExhaustedException();
        }
    }
}

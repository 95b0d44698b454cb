using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Outside;

/// <summary>Says in the clients' words why a block cannot be what it is.</summary>
internal sealed class OutsideExplainer(OutsideCase judged, CoverTable table, WriterState state, WriterSearch search)
{
    private const int MaxNamed = 8;

    /// <summary>Explains a block none of whose possible writers fits what is certain; in the state in which none does.</summary>
    public Violation Explain(int block)
    {
        List<Violation> reasons = [];
        foreach (int option in search.OptionsOf(block))
        {
            (int, (int, int)) mark = state.Mark;
            if (!state.TryShow(block, option, out Conflict conflict))
            {
                reasons.Add(Explain(conflict));
            }

            state.UndoTo(mark);
        }

        if (reasons.Count == 0)
        {
            return Foreign(block);
        }

        // The lowest kind says most: a promise that was broken before an order that cannot be.
        Violation worst = reasons.MinBy(static r => r.Kind)!;
        string more = reasons.Count > 1 ? $" (and {reasons.Count - 1} other writers of the same bytes fit no better)" : "";
        return worst with { Text = worst.Text + more };
    }

    /// <summary>Explains that each block by itself could be right, and all together could not.</summary>
    public Violation ExplainSearch(int block)
    {
        long[] candidates = [.. search.OptionsOf(block).Where(static o => o != WriterState.First).Select(NumberOf).Distinct()];
        string first = table.ShowsFirst(block) ? " or the first content" : "";
        return new Violation(
            ViolationKind.OrderBroken, table.OffsetOf(block), null, candidates,
            $"block {table.OffsetOf(block)}: shows what {Names(candidates)}{first} may have left, but no choice, here and in the other "
            + "blocks whose bytes have several writers, lets all that survived stand in one order");
    }

    private Violation Explain(Conflict conflict)
    {
        bool isFirst = conflict.Shown == WriterState.First;
        long offset = table.OffsetOf(conflict.Block);
        string shown = isFirst ? judged.Judged.FirstName : NameOf(conflict.Shown);
        if (!isFirst && OperationOf(conflict.Shown).AnsweredAt > OperationOf(conflict.Survivor).SentAt)
        {
            return Circle(conflict);
        }

        string earlier = isFirst ? "" : $", which was answered before {NameOf(conflict.Survivor)} was sent";
        int version = table.Atoms[conflict.Survivor].Version;
        long[] sequences = isFirst ? [NumberOf(conflict.Survivor)] : [NumberOf(conflict.Survivor), NumberOf(conflict.Shown)];
        if (judged.IsRequired(version))
        {
            return new Violation(
                isFirst ? ViolationKind.RequiredLost : ViolationKind.SupersededReturned, offset, null, sequences,
                $"block {offset}: shows {shown}{earlier}, but {NameOf(conflict.Survivor)} is required ({judged.WhyRequired(version)})");
        }

        CoverTable.Atom survivor = table.Atoms[conflict.Survivor];
        Extent atom = judged.Judged.Versions[version].Atoms.RangeOf(survivor.Index);
        int witness = Enumerable.Range(survivor.FirstBlock, survivor.EndBlock - survivor.FirstBlock)
            .First(b => state.ShownBy(b) == conflict.Survivor);
        long seen = table.OffsetOf(witness);
        return new Violation(
            ViolationKind.TornAtom, offset, seen, sequences,
            $"block {offset}: shows {shown}{earlier}, but block {seen} of the same atom ({atom.OffsetBytes}+{atom.LengthBytes}) shows "
            + $"{NameOf(conflict.Survivor)}: the atom is torn");
    }

    /// <summary>The survivor lies under what is shown, and came after it by way of others.</summary>
    private Violation Circle(Conflict conflict)
    {
        IReadOnlyList<(int Step, int Tag)> path =
            state.Order.FindPath(table.Atoms[conflict.Shown].Step, table.Atoms[conflict.Survivor].Step);
        List<string> reasons = [];
        List<long> sequences = [NumberOf(conflict.Survivor), NumberOf(conflict.Shown)];
        string from = NameOf(conflict.Shown);
        foreach ((int step, int tag) in path)
        {
            int atom = AtomOf(step);
            reasons.Add(tag == StepOrder.RealTime
                ? $"{from} was answered before {NameOf(atom)} was sent"
                : $"block {table.OffsetOf(tag)} shows {NameOf(atom)} over {from}");
            sequences.Add(NumberOf(atom));
            from = NameOf(atom);
        }

        long offset = table.OffsetOf(conflict.Block);
        return new Violation(
            ViolationKind.OrderBroken, offset, null, [.. sequences.Distinct()],
            $"block {offset}: shows {NameOf(conflict.Shown)} over {NameOf(conflict.Survivor)}, which survived too; "
            + $"but {string.Join("; ", reasons)}: no order of them leaves this");
    }

    private Violation Foreign(int block)
    {
        long offset = table.OffsetOf(block);
        List<long> covering = [];
        foreach (int atom in table.Covering(block))
        {
            covering.Add(NumberOf(atom));
        }

        return new Violation(
            ViolationKind.ForeignData, offset, null, covering,
            $"block {offset}: shows neither {judged.Judged.FirstName} nor what {Names(covering)} wrote there: nobody wrote this");
    }

    private string Names(IReadOnlyList<long> numbers)
    {
        IEnumerable<string> names = numbers.Take(MaxNamed)
            .Select(n => judged.OperationOf(judged.Judged.Versions.Index().First(v => v.Item.Sequence == n).Index).ToString());
        return string.Join(", ", names) + (numbers.Count > MaxNamed ? ", ..." : "");
    }

    private int AtomOf(int step) => table.Atoms.Index().First(a => a.Item.Step == step).Index;

    private ClientOperation OperationOf(int atom) => judged.OperationOf(table.Atoms[atom].Version);

    private string NameOf(int atom) => OperationOf(atom).ToString();

    private long NumberOf(int atom) => OperationOf(atom).Number;
}

using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>Draws a round's writes: every size, on its grid and across boundaries, side by side in the span.</summary>
internal sealed class CutPlan(ProbeTarget target, TearTable table, Generations generations, Chance chance)
{
    private const int PlainOfEachSize = 6;

    /// <summary>In the order in which they are to be written: those that a flush covers first.</summary>
    public List<CutWrite> Draw()
    {
        List<(CutGroup Group, int Bytes)> wanted = [];
        foreach (int bytes in table.Sizes.Select(static s => s.WriteBytes))
        {
            wanted.AddRange(Enumerable.Repeat((CutGroup.Plain, bytes), PlainOfEachSize));
            if (target.Has(NbdTransmissionFlags.SendFlush))
            {
                wanted.Add((CutGroup.Flushed, bytes));
            }

            if (target.Has(NbdTransmissionFlags.SendFua))
            {
                wanted.Add((CutGroup.Fua, bytes));
            }
        }

        Shuffle(wanted);
        Places places = new(target.SpanBytes, target.GrainBytes, chance);
        long from = chance.Below(Math.Max(1, target.SpanBytes / 4 / target.GrainBytes)) * target.GrainBytes;
        List<CutWrite> writes = [];
        foreach ((CutGroup group, int bytes) in wanted)
        {
            if (places.DrawAfter(bytes, from) is { } offset)
            {
                byte[] payload = new byte[bytes];
                ProbeStamp.Fill(payload, offset, target.GrainBytes, generations.Next());
                writes.Add(new CutWrite(group, offset, payload));
                from = offset + bytes;
            }
        }

        return [.. writes.OrderBy(static w => w.Group != CutGroup.Flushed)];
    }

    private void Shuffle<T>(List<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = (int)chance.Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}

using BlockEmu.Device.Cache;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>What an image holds at the places that a redo file names.</summary>
/// <param name="HasNew">Some of what was to be written is there, or may be.</param>
/// <param name="IsForeign">Something is there that was neither there before nor to be written.</param>
/// <param name="IsBlind">Of some place that does not hold what was to be written it is not known what was there before.</param>
internal readonly record struct RedoEvidence(bool HasNew, bool IsForeign, bool IsBlind)
{
    /// <summary>A piece of a page that a kill tore in itself, which the host seldom does, begins with at least that much of the new.</summary>
    private const int MinTornBytes = 512;

    public static RedoEvidence Gather(SafeFileHandle image, RedoReader reader)
    {
        RedoEvidence all = default;
        byte[] there = new byte[PageArena.PageBytes];
        byte[] written = new byte[PageArena.PageBytes];
        long data = reader.Header.DataStart;
        bool hasTorn = false;
        List<(long Index, RedoRecord Record)> zeroes = [];
        List<(long Index, RedoRecord Record)> others = [];
        for (long i = 0; i < reader.Header.RecordCount; i++)
        {
            RedoRecord record = reader.Record(i);
            (record.LengthBytes < 0 ? zeroes : others).Add((i, record));
        }

        for (long i = 0; i < reader.Header.RecordCount && !all.IsForeign; i++)
        {
            RedoRecord record = reader.Record(i);

            // Zeroed first and written then: it may hold what neither record names alone.
            RedoEvidence one = IsShared(i, record) ? new RedoEvidence(HasNew: true, IsForeign: false, IsBlind: true)
                : RedoHead.OldBytes(record, reader.Header.Image.SizeBytes) is > 0 and var bytes
                ? GatherPiece(there.AsSpan(0, bytes), written.AsSpan(0, bytes), record)
                : record.LengthBytes < 0 ? GatherZeroes(record)
                : GatherLong(record);
            all = new RedoEvidence(all.HasNew | one.HasNew, all.IsForeign | one.IsForeign, all.IsBlind | one.IsBlind);
            data += record.DataBytes;
        }

        return all;

        bool IsShared(long index, RedoRecord record) =>
            zeroes.Exists(z => z.Index != index && Overlap(z.Record, record))
            || (record.LengthBytes < 0 && others.Exists(o => Overlap(o.Record, record)));

        static bool Overlap(RedoRecord one, RedoRecord other) =>
            one.OffsetBytes < other.OffsetBytes + Math.Abs(other.LengthBytes) && other.OffsetBytes < one.OffsetBytes + Math.Abs(one.LengthBytes);

        RedoEvidence GatherPiece(Span<byte> old, Span<byte> made, RedoRecord record)
        {
            FileBytes.Read(image, record.OffsetBytes, old);
            made.Clear();
            if (record.LengthBytes > 0)
            {
                reader.ReadData(data, made);
            }

            bool isNew = !record.IsWitness && old.SequenceEqual(made);
            bool isOld = record.OldSum == RedoHead.SumOf(old);
            if (!isNew && !isOld && !hasTorn && record.LengthBytes > MinTornBytes && old.CommonPrefixLength(made) >= MinTornBytes)
            {
                hasTorn = true; // one there can be
                return new RedoEvidence(HasNew: true, IsForeign: false, IsBlind: true);
            }

            return new RedoEvidence(isNew && !isOld, !isNew && !isOld && record.OldSum is not null, !isNew && record.OldSum is null && !record.IsWitness);
        }

        // The host may zero a range in any order.
        RedoEvidence GatherZeroes(RedoRecord record) =>
            new(HasNew: true, IsForeign: false, IsBlind: FileBytes.NextData(image, record.OffsetBytes, record.OffsetBytes - record.LengthBytes) is not null);

        RedoEvidence GatherLong(RedoRecord record)
        {
            bool hasNew = false;
            bool hasOther = false;
            for (long done = 0; done < record.LengthBytes && !(hasNew && hasOther); done += PageArena.PageBytes)
            {
                int bytes = (int)Math.Min(PageArena.PageBytes, record.LengthBytes - done);
                FileBytes.Read(image, record.OffsetBytes + done, there.AsSpan(0, bytes));
                reader.ReadData(data + done, written.AsSpan(0, bytes));
                bool isNew = there.AsSpan(0, bytes).SequenceEqual(written.AsSpan(0, bytes));
                hasNew |= isNew;
                hasOther |= !isNew;
            }

            return new RedoEvidence(hasNew, IsForeign: false, hasOther);
        }
    }
}

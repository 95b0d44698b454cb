using System.Diagnostics;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>What can a reader see? One writer overwrites a range again and again, each time with a new generation; readers
/// read that range, and look for two generations in one answer, and for less than was answered before they asked.</summary>
internal sealed class ReaderTrial(ProbeTarget target, IReadOnlyList<NbdClient> clients, Generations generations)
{
    private const int WritesAtPlace = 16;

    private Place? _place;
    private long _wentBack;
    private long _reads;

    /// <summary>Reads that showed less than an answered write.</summary>
    public long WentBack => Volatile.Read(ref _wentBack);

    public long Reads => Volatile.Read(ref _reads);

    /// <summary>Runs for so long on writes of one size.</summary>
    public void Run(TearTally tally, TimeSpan duration, ulong seed)
    {
        long startedAt = Stopwatch.GetTimestamp();
        bool IsOver() => tally.IsOver(Stopwatch.GetElapsedTime(startedAt), duration);
        ThreadCrew.Run(Math.Max(2, clients.Count), index =>
        {
            NbdClient client = clients[index % clients.Count];
            if (index == 0)
            {
                WriteUntil(IsOver, client, tally.WriteBytes, new Places(target.SpanBytes, target.GrainBytes, new Chance(seed)));
            }
            else
            {
                ReadUntil(IsOver, client, tally);
            }
        });
        Volatile.Write(ref _place, null);
    }

    /// <summary>One range while it is written over.</summary>
    private sealed class Place(long offsetBytes, ulong generation)
    {
        private ulong _answered = generation;

        public long OffsetBytes { get; } = offsetBytes;

        /// <summary>The newest generation whose write was answered.</summary>
        public ulong Answered
        {
            get => Volatile.Read(ref _answered);
            set => Volatile.Write(ref _answered, value);
        }
    }

    private void WriteUntil(Func<bool> isOver, NbdClient client, int writeBytes, Places places)
    {
        byte[] payload = new byte[writeBytes];
        do
        {
            long offset = places.Draw(writeBytes);
            Place place = new(offset, Write(client, offset, payload));
            Volatile.Write(ref _place, place);
            for (int i = 0; i < WritesAtPlace && !isOver(); i++)
            {
                place.Answered = Write(client, offset, payload);
            }

            // Before the next place is touched, which may overlap this one.
            Volatile.Write(ref _place, null);
        }
        while (!isOver());
    }

    private ulong Write(NbdClient client, long offset, byte[] payload)
    {
        ulong generation = generations.Next();
        ProbeStamp.Fill(payload, offset, target.GrainBytes, generation);
        ProbeTarget.Expect(client.Write(offset, payload), "a write");
        return generation;
    }

    private void ReadUntil(Func<bool> isOver, NbdClient client, TearTally tally)
    {
        byte[] shown = new byte[tally.WriteBytes];
        SpinWait wait = default;
        while (!isOver())
        {
            if (Volatile.Read(ref _place) is not { } place)
            {
                wait.SpinOnce();
                continue;
            }

            ulong answered = place.Answered;
            ProbeTarget.Expect(client.Read(place.OffsetBytes, shown), "a read");
            if (ReferenceEquals(Volatile.Read(ref _place), place))
            {
                (ulong lowest, long? tornAt) = Look(shown, place.OffsetBytes);
                tally.Add(place.OffsetBytes, tornAt);
                Interlocked.Increment(ref _reads);
                if (lowest < answered)
                {
                    Interlocked.Increment(ref _wentBack);
                }
            }
        }
    }

    /// <summary>The oldest generation of an answer, and where the first two meet.</summary>
    private (ulong Lowest, long? TornAt) Look(byte[] shown, long offset)
    {
        ulong? first = null;
        ulong lowest = ulong.MaxValue;
        long? tornAt = null;
        for (int at = 0; at < shown.Length; at += target.GrainBytes)
        {
            ulong? generation = ProbeStamp.Read(shown.AsSpan(at, target.GrainBytes), (offset + at) / target.GrainBytes);
            if (generation is not { } whole)
            {
                tornAt ??= offset + at; // within a grain
                continue;
            }

            first ??= whole;
            tornAt ??= whole == first ? null : offset + at;
            lowest = Math.Min(lowest, whole);
        }

        return (lowest, tornAt);
    }
}

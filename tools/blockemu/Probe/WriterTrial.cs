using System.Diagnostics;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>What can the bytes of two writers become? Both write one range at one time; when both are answered it must hold
/// one of them whole, unless writers mix.</summary>
internal sealed class WriterTrial(ProbeTarget target, IReadOnlyList<NbdClient> clients, Generations generations)
{
    private const int Writers = 2;

    /// <summary>Runs for so long on writes of one size.</summary>
    public void Run(TearTally tally, TimeSpan duration, ulong seed)
    {
        long startedAt = Stopwatch.GetTimestamp();
        Places places = new(target.SpanBytes, target.GrainBytes, new Chance(seed));
        byte[][] payloads = [new byte[tally.WriteBytes], new byte[tally.WriteBytes]];
        byte[] shown = new byte[tally.WriteBytes];
        long offset = 0;
        bool isOver = false;
        bool isAlone = false;

        // A writer that fails leaves; the other one must not wait for it.
        using Barrier turn = new(Writers);
        ThreadCrew.Run(Writers, index =>
        {
            try
            {
                while (true)
                {
                    if (index == 0)
                    {
                        offset = places.Draw(tally.WriteBytes);
                        isOver = tally.IsOver(Stopwatch.GetElapsedTime(startedAt), duration);
                        Array.ForEach(payloads, p => ProbeStamp.Fill(p, offset, target.GrainBytes, generations.Next()));
                    }

                    turn.SignalAndWait();
                    if (isOver || Volatile.Read(ref isAlone))
                    {
                        return;
                    }

                    ProbeTarget.Expect(clients[index % clients.Count].Write(offset, payloads[index]), "a write");
                    turn.SignalAndWait();
                    if (index == 0)
                    {
                        ProbeTarget.Expect(clients[0].Read(offset, shown), "a read");
                        tally.Add(offset, FindMix(shown, payloads, offset));
                    }
                }
            }
            catch
            {
                Volatile.Write(ref isAlone, true);
                turn.RemoveParticipant();
                throw;
            }
        });
    }

    /// <summary>Where the range is neither the one nor the other whole.</summary>
    private static long? FindMix(byte[] shown, byte[][] payloads, long offset)
    {
        int[] agreed = [.. payloads.Select(p => shown.AsSpan().CommonPrefixLength(p))];
        return agreed.Contains(shown.Length) ? null : offset + agreed.Max();
    }
}

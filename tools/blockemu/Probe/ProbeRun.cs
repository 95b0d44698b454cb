using BlockEmu.Cli.Load;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>All trials, in their order.</summary>
internal static class ProbeRun
{
    /// <summary>Of the time, what goes to readers; the rest is the writers'.</summary>
    private const double ReadersShare = 0.6;

    /// <summary>Carries out what needs no power cut.</summary>
    public static ProbeFindings Observe(ProbeSettings settings, Generations generations, Action<string> tell) =>
        ExportGuard.Run(settings.Uri, () =>
        {
            ProbeTarget target = new(settings);

            // While no other connection stands: a server may take two and no more.
            WaitTrial? waits = null;
            if (settings.Connections > 1 && target.TakesTwo())
            {
                tell("who waits for whom");
                waits = new WaitTrial(target, generations);
                waits.Run();
            }

            List<NbdClient> clients = target.OpenSome(settings.Connections);
            try
            {
                TearTable reads = new(target.GrainBytes, target.LargestBytes);
                TearTable mixes = new(target.GrainBytes, target.LargestBytes);
                ReaderTrial readers = new(target, clients, generations);
                WriterTrial writers = new(target, clients, generations);
                TimeSpan each = settings.Duration / reads.Sizes.Count;
                ulong seed = settings.Seed;
                foreach ((TearTally read, TearTally mix) in reads.Sizes.Zip(mixes.Sizes))
                {
                    tell($"readers and writers, {Output.Printer.Size(read.WriteBytes)}");
                    readers.Run(read, each * ReadersShare, ++seed);
                    writers.Run(mix, each * (1 - ReadersShare), ++seed);
                }

                return new ProbeFindings(settings, target)
                {
                    Connections = clients.Count,
                    Waits = waits,
                    Reads = reads,
                    WentBack = readers.WentBack,
                    Mixes = mixes,
                };
            }
            finally
            {
                clients.ForEach(static c => c.Dispose());
            }
        });

    /// <summary>Cuts the power again and again.</summary>
    public static async Task<CutTrial> CutAsync(ProbeFindings findings, IPowerSwitch power, Generations generations, Action<string> tell)
    {
        tell($"power cuts, by {power.Name}");
        CutTrial trial = new(findings.Target, power, generations, findings.Settings.Seed);
        await ExportGuard.RunAsync(findings.Settings.Uri, () => trial.RunAsync(findings.Settings.Cuts));
        return trial;
    }
}

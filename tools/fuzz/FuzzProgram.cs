using System.CommandLine;
using System.Security.Cryptography;
using BlockEmu.Fuzz.Cases;
using BlockEmu.Fuzz.Live;
using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz;

/// <summary>The program: options in, figures and findings out. Exit 0 = nothing was found, 1 = something, 2 = wrong use.</summary>
internal static class FuzzProgram
{
    private const int ExitFine = 0;
    private const int ExitFound = 1;
    private const int ExitUsage = 2;
    private static readonly TimeSpan s_longestCase = TimeSpan.FromSeconds(30);

    private static readonly Option<double> s_minutes = new("--minutes")
    { Description = "How long.", DefaultValueFactory = _ => 1 };
    private static readonly Option<ulong?> s_seed = new("--seed")
    { Description = "Repeats a run's cases. Drawn and printed otherwise." };
    private static readonly Option<string?> s_uri = new("--uri")
    { Description = "A server on loopback that runs already; the good client overwrites this export." };
    private static readonly Option<string?> s_server = new("--server")
    { Description = "The server's program, to be started. Default: the one built with this." };
    private static readonly Option<bool> s_noLive = new("--no-live")
    { Description = "Only the machines in process." };
    private static readonly Option<string?> s_corpus = new("--corpus")
    { Description = "Another folder of kept cases." };
    private static readonly Option<string> s_findings = new("--findings")
    { Description = "Where findings go.", DefaultValueFactory = _ => "artifacts/fuzz" };
    private static readonly Option<string?> s_replay = new("--replay")
    { Description = "Runs one case, in process, and says what comes of it." };

    public static int Run(string[] arguments, TextWriter output, TextWriter errors)
    {
        RootCommand root = new("Hostile input for the NBD and NVMe/TCP servers and clients, in process and over a socket.")
        {
            s_minutes, s_seed, s_uri, s_server, s_noLive, s_corpus, s_findings, s_replay,
        };
        root.SetAction(result => Guard(() => Act(result, output), errors));
        return root.Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = errors });
    }

    private static int Guard(Func<int> act, TextWriter errors)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or InvalidOperationException)
        {
            errors.WriteLine($"blockemu-fuzz: {e.Message}");
            return ExitUsage;
        }
    }

    private static int Act(ParseResult result, TextWriter output)
    {
        if (result.GetValue(s_replay) is { } file)
        {
            return Replay(file, output);
        }

        ulong seed = result.GetValue(s_seed) ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Corpus corpus = Corpus.Load(result.GetValue(s_corpus) ?? Corpus.DefaultFolder);
        output.WriteLine($"seed {seed}; {corpus.ByName.Count} kept cases");
        Findings findings = new(result.GetValue(s_findings)!, output);
        TimeSpan duration = TimeSpan.FromMinutes(result.GetValue(s_minutes));
        bool isOurs = !result.GetValue(s_noLive) && result.GetValue(s_uri) is null;
        using ServerChild? child = isOurs ? ServerChild.Start(result.GetValue(s_server)) : null;
        LiveTarget? target = child?.Target ?? (result.GetValue(s_uri) is { } uri ? LiveTarget.Parse(uri) : null);
        Task<LiveReport>? live = target is null ? null : Task.Factory.StartNew(
            () => RunLive(target, child, corpus, seed, findings, duration), CancellationToken.None, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        InProcessRun inProcess = new(corpus, seed, findings);
        long startedAt = TimeProvider.System.GetTimestamp();
        using (Timer watchman = new(_ => EndIfStuck(inProcess, seed, output), null, s_longestCase, s_longestCase / 3))
        {
            inProcess.Run(() => TimeProvider.System.GetElapsedTime(startedAt) < duration);
        }

        double seconds = TimeProvider.System.GetElapsedTime(startedAt).TotalSeconds;
        output.WriteLine($"in process: {inProcess.CaseCount} cases, {inProcess.CaseCount / seconds:F0} a second");
        if (live is not null)
        {
            LiveReport report = live.GetAwaiter().GetResult();
            output.WriteLine(
                $"live: {report.Connections} hostile connections; {report.GoodOperations} requests of the good client");
            output.WriteLine(
                child is null ? "RSS: not known"
                : $"RSS: {report.RssAfterWarmUpBytes >> 10} KiB after warm-up, {report.RssAtEndBytes >> 10} KiB at the end");
        }

        output.WriteLine($"{findings.Count} faults");
        return findings.Count == 0 ? ExitFine : ExitFound;
    }

    private static LiveReport RunLive(
        LiveTarget target, ServerChild? child, Corpus corpus, ulong seed, Findings findings, TimeSpan duration)
    {
        using LiveRun run = new(target, child, corpus, seed, findings);
        return run.Run(duration);
    }

    private static int Replay(string file, TextWriter output)
    {
        FuzzCase theCase = CaseText.Parse(File.ReadAllText(file));
        string? fault = CaseJudge.FindFault(theCase, new Chance(1));
        output.WriteLine(CaseJudge.Describe(theCase));
        output.WriteLine(fault ?? "no fault");
        return fault is null ? ExitFine : ExitFound;
    }

    /// <summary>A case that never ends can only be left by ending all of us; its number repeats it.</summary>
    private static void EndIfStuck(InProcessRun run, ulong seed, TextWriter output)
    {
        if (run.CaseStartedAt != 0 && TimeProvider.System.GetElapsedTime(run.CaseStartedAt) > s_longestCase)
        {
            output.WriteLine($"FOUND: seed {seed}, case {run.CaseCount} does not end");
            output.Flush();
            Environment.Exit(ExitFound);
        }
    }
}

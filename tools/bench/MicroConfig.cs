using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using BlockEmu.Bench.Micro;

namespace BlockEmu.Bench;

/// <summary>How the micro-benchmarks run: in this process, so that nothing is generated and built, and briefly.</summary>
internal static class MicroConfig
{
    private const string ArtifactsFolder = "artifacts/bench";

    /// <summary>Three warm-ups and three measurements of each.</summary>
    public static IConfig ForWork() => Create(Job.ShortRun);

    /// <summary>One benchmark, once: does it still run? 0 = yes.</summary>
    public static int RunSmoke()
    {
        Summary summary = BenchmarkRunner.Run<FlushBenchmarks>(
            Create(Job.Dry).AddFilter(new SimpleFilter(static c => c.Parameters.Items.All(static p => p.Value is 1))));
        return summary.Reports.Length > 0 && summary.Reports.All(static r => r.Success) ? 0 : 1;
    }

    private static ManualConfig Create(Job job) => ManualConfig.CreateEmpty()
        .AddJob(job.WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddLogger(ConsoleLogger.Default)
        .AddExporter(MarkdownExporter.GitHub)
        .WithArtifactsPath(ArtifactsFolder);
}

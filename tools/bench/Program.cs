using BenchmarkDotNet.Running;
using BlockEmu.Bench;
using BlockEmu.Bench.Growth;

return args switch
{
    ["growth", .. string[] rest] => await GrowthProgram.RunAsync(rest, Console.Out),
    ["smoke"] => MicroConfig.RunSmoke(),
    _ => BenchmarkSwitcher.FromAssembly(typeof(MicroConfig).Assembly).Run(args, MicroConfig.ForWork()).Any() || args.Contains("--list") ? 0 : 1,
};

using System.CommandLine;
using BlockEmu.Cli.Load;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu bench [URI]</c>: needs an NBD server, ours or any.</summary>
internal sealed class BenchCommand
{
    private readonly CommandContext _context;
    private readonly BenchOptions _options = new();

    private BenchCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        BenchCommand bench = new(context);
        Command command = new(
            "bench",
            "Measures an NBD server: requests and bytes each second, latency. With writes among the cases it overwrites the disk.");
        bench._options.AddTo(command);
        command.SetAction((result, _) => Task.FromResult(bench.Run(result)));
        return command;
    }

    private int Run(ParseResult result)
    {
        IReadOnlyList<LoadCase> cases = _options.CasesOf(result);
        LoadSettings settings = _options.SettingsOf(result);
        bool fills = _options.Fills(result);
        _options.DemandConsent(result, cases);
        LoadTarget[] targets = [.. _options.UrisOf(result).Select(static u => new LoadTarget(u))];
        if (fills)
        {
            foreach (LoadTarget target in targets)
            {
                target.Fill(settings.SpanBytes, settings.Seed);
            }
        }

        IReadOnlyList<IReadOnlyList<LoadResult>> results = new LoadSeries(targets, cases, settings).Run(Tell);
        if (results.SelectMany(static r => r).All(static r => r.Obstacle is not null))
        {
            LoadResult first = results[0][0];
            throw new CliException(ExitCodes.Usage, $"nothing was measured: {first.Load.Name} on {first.Uri}: {first.Obstacle}");
        }

        LoadReport report = new(_context.Printer, settings, results);
        if (_context.Shared.IsJson(result))
        {
            report.PrintJson();
        }
        else
        {
            report.PrintTable();
        }

        return results.SelectMany(static r => r).Any(static r => r.Errors > 0) ? ExitCodes.DoesNotHold : ExitCodes.Fine;

        void Tell(string line)
        {
            TextWriter errors = result.InvocationConfiguration.Error;
            if (StandardText.IsTerminal(errors))
            {
                errors.WriteLine(line);
            }
        }
    }
}

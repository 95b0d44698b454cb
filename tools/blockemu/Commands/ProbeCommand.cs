using System.CommandLine;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Probe;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu probe [URI]</c>: needs an NBD server, ours or any.</summary>
internal sealed class ProbeCommand
{
    private readonly CommandContext _context;
    private readonly ProbeOptions _options = new();

    private ProbeCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        ProbeCommand probe = new(context);
        Command command = new(
            "probe",
            "Asks an NBD server from outside what it does with concurrent readers and writers, and what survives a power cut. It overwrites the export.");
        probe._options.AddTo(command);
        command.SetAction((result, _) => probe.RunAsync(result));
        return command;
    }

    private async Task<int> RunAsync(ParseResult result)
    {
        ProbeSettings settings = _options.SettingsOf(result);
        ProbeExpectation? expectation = _options.ExpectationOf(result);
        AdminClient? admin = null;
        try
        {
            IPowerSwitch? power = _options.SwitchOf(result, () => admin = _context.Shared.Connect(result));
            Generations generations = new();
            ProbeFindings findings = ProbeRun.Observe(settings, generations, Tell);
            if (power is not null)
            {
                findings.Cut = await ProbeRun.CutAsync(findings, power, generations, Tell);
            }

            string[] differences = [.. expectation?.Differences(findings.Answers) ?? []];
            ProbeReport report = new(_context.Printer, findings, differences, expectation is not null);
            if (_context.Shared.IsJson(result))
            {
                report.PrintJson();
            }
            else
            {
                report.PrintTable();
            }

            return differences.Length > 0 ? ExitCodes.DoesNotHold : ExitCodes.Fine;
        }
        finally
        {
            admin?.Dispose();
        }

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

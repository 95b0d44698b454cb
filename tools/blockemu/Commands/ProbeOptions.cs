using System.CommandLine;
using System.Numerics;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Load;
using BlockEmu.Cli.Probe;

namespace BlockEmu.Cli.Commands;

/// <summary>What can be said of a probe, and what of it makes no sense: a <see cref="CliException"/> that names the option.</summary>
internal sealed class ProbeOptions
{
    private const double MaxSeconds = 86_400;
    private const int MaxConnections = 64;
    private const int MaxCuts = 100_000;
    private const long MaxSpanBytes = 1L << 30;
    private const long MaxWriteBytes = 16 << 20;

    private readonly Argument<string> _uri = new("URI")
    {
        Description = "The export, for example nbd://127.0.0.1:10809/disk0 or nbd+unix:///disk0?socket=PATH; nbds for TLS.",
        DefaultValueFactory = static _ => NbdUri.Default,
    };

    private readonly Option<bool> _destroyData = new("--destroy-data")
    {
        Description = "Needed: what is on the export, up to the span, is lost.",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long readers and writers are tried, all sizes together.",
        HelpName = "S",
        DefaultValueFactory = static _ => 10,
    };

    private readonly Option<string> _span = Size("--span", "64M", "The part of the export that is overwritten, from its start, at most 1G.");

    private readonly Option<string> _largest = Size("--largest", "1M", "The largest write that is tried on readers and writers.");

    private readonly Option<string> _largestCut = Size("--largest-cut", "256K", "The largest write that is tried on power cuts.");

    private readonly Option<int> _connections = new("--connections")
    {
        Description = "How many connections, if the server takes so many.",
        HelpName = "N",
        DefaultValueFactory = static _ => 3,
    };

    private readonly Option<ulong> _seed = new("--seed") { Description = "Decides where is written.", HelpName = "N" };

    private readonly Option<int> _cuts = new("--cuts")
    {
        Description = "How often the power is cut.",
        HelpName = "N",
        DefaultValueFactory = static _ => 10,
    };

    private readonly Option<string?> _disk = new("--disk")
    {
        Description = "The export is this disk of the BlockEmu server at --admin, which cuts its power.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _cutCommand = new("--cut-command")
    {
        Description = "A shell command that takes the power away; ends when it is off.",
        HelpName = "COMMAND",
    };

    private readonly Option<string?> _restoreCommand = new("--restore-command")
    {
        Description = "... and one that gives it back.",
        HelpName = "COMMAND",
    };

    private readonly Option<string?> _expect = new("--expect")
    {
        Description = "A JSON file with the answers to expect; exit code 1 and each difference when they are others.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_uri);
        Option[] options =
            [_destroyData, _seconds, _span, _largest, _connections, _seed, _disk, _cutCommand, _restoreCommand, _cuts, _largestCut, _expect];
        Array.ForEach(options, command.Options.Add);
    }

    /// <summary>Nothing is written over that nobody gave up: an export that looks empty may be somebody's.</summary>
    public ProbeSettings SettingsOf(ParseResult result)
    {
        NbdUri uri = NbdUri.Parse(result.GetValue(_uri)!);
        if (!result.GetValue(_destroyData))
        {
            throw Wrong($"probing {uri} overwrites its first {result.GetValue(_span)}: add {_destroyData.Name} if they may be lost");
        }

        double seconds = result.GetValue(_seconds);
        return new ProbeSettings
        {
            Uri = uri,
            Duration = seconds is > 0 and <= MaxSeconds
                ? TimeSpan.FromSeconds(seconds)
                : throw Wrong($"{_seconds.Name}: {seconds} lies not between 0 and {MaxSeconds} seconds"),
            SpanBytes = Bytes(_span, result, MaxSpanBytes, isPower: false),
            LargestBytes = (int)Bytes(_largest, result, MaxWriteBytes, isPower: true),
            LargestCutBytes = (int)Bytes(_largestCut, result, MaxWriteBytes, isPower: true),
            Connections = Within(_connections, result, MaxConnections),
            Cuts = Within(_cuts, result, MaxCuts),
            Seed = result.GetValue(_seed),
        };
    }

    /// <summary>How the power is cut; <see langword="null"/> = not at all.</summary>
    /// <param name="result">What was said.</param>
    /// <param name="connect">Makes the server's HTTP client, if it is needed.</param>
    public IPowerSwitch? SwitchOf(ParseResult result, Func<AdminClient> connect)
    {
        string? cut = result.GetValue(_cutCommand);
        string? restore = result.GetValue(_restoreCommand);
        string? disk = result.GetValue(_disk);
        return (disk, cut, restore) switch
        {
            (null, null, null) => null,
            ({ } name, null, null) => new AdminSwitch(connect(), name),
            (null, { } off, { } on) => new CommandSwitch(off, on),
            (null, _, _) => throw Wrong($"{_cutCommand.Name} and {_restoreCommand.Name} go together"),
            _ => throw Wrong($"{_disk.Name} goes with neither {_cutCommand.Name} nor {_restoreCommand.Name}"),
        };
    }

    public ProbeExpectation? ExpectationOf(ParseResult result) =>
        result.GetValue(_expect) is { } path ? ProbeExpectation.Read(path) : null;

    private static Option<string> Size(string name, string otherwise, string description) =>
        new(name) { Description = description, HelpName = "SIZE", DefaultValueFactory = _ => otherwise };

    private static long Bytes(Option<string> option, ParseResult result, long max, bool isPower)
    {
        string text = result.GetValue(option)!;
        return SizeText.TryParse(text, max, out long bytes) && (!isPower || (BitOperations.IsPow2(bytes) && bytes >= 512))
            ? bytes
            : throw Wrong($"{option.Name}: '{text}' is no {(isPower ? "power of two from 512" : "size")} such as 64K or 1M, at most {max}");
    }

    private static int Within(Option<int> option, ParseResult result, int max)
    {
        int value = result.GetValue(option);
        return value >= 1 && value <= max ? value : throw Wrong($"{option.Name}: {value} lies not between 1 and {max}");
    }

    private static CliException Wrong(string message) => new(ExitCodes.Usage, message);
}

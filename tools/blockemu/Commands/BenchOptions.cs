using System.CommandLine;
using BlockEmu.Cli.Load;

namespace BlockEmu.Cli.Commands;

/// <summary>What can be said of a bench, and what of it makes no sense: a <see cref="CliException"/> that names the option.</summary>
internal sealed class BenchOptions
{
    private const double MaxSeconds = 86_400;
    private const int MaxRounds = 1000;
    private const string DestroyData = "--destroy-data";

    private readonly Argument<string> _uri = new("URI")
    {
        Description = "The export, for example nbd://127.0.0.1:10809/disk0 or nbd+unix:///disk0?socket=PATH; nbds for TLS.",
        DefaultValueFactory = static _ => NbdUri.Default,
    };

    private readonly Option<string[]> _vs = new("--vs")
    {
        Description = "Another export, measured in turn with the first (A B A B ...); may be repeated.",
        HelpName = "URI",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _cases = new("--cases")
    {
        Description = $"Which cases, with commas between: {string.Join(' ', LoadCase.Named.Select(static c => c.Name))}. Default: all.",
        HelpName = "LIST",
    };

    private readonly Option<bool> _destroyData = new(DestroyData)
    {
        Description = "Writing is allowed: what is on the disk, up to the span, is lost.",
    };

    private readonly Option<bool> _fill = new("--fill") { Description = "First writes the span once, so that reads find data." };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long each measurement lasts.",
        HelpName = "S",
        DefaultValueFactory = static _ => 1,
    };

    private readonly Option<double> _warmUp = new("--warm-up")
    {
        Description = "How long each one runs before it is measured.",
        HelpName = "S",
        DefaultValueFactory = static _ => 0.3,
    };

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = "How often each case is measured; the medians are told.",
        HelpName = "N",
        DefaultValueFactory = static _ => 3,
    };

    private readonly Option<string> _span = new("--span")
    {
        Description = "The part of the disk that is used, from its start.",
        HelpName = "SIZE",
        DefaultValueFactory = static _ => "512M",
    };

    private readonly Option<ulong> _seed = new("--seed") { Description = "The same seed sends the same requests.", HelpName = "N" };

    private readonly Option<string?> _block = new("--block") { Description = "A case of one's own: length of each request (4K).", HelpName = "SIZE" };

    private readonly Option<int?> _depth = new("--depth") { Description = "... requests in flight on each connection (1).", HelpName = "N" };

    private readonly Option<int?> _connections = new("--connections") { Description = "... connections, a thread each (1).", HelpName = "N" };

    private readonly Option<int?> _read = new("--read") { Description = "... share of reads, the rest are writes (100).", HelpName = "PERCENT" };

    private readonly Option<bool> _sequential = new("--sequential") { Description = "... one after another, not at random places." };

    private readonly Option<bool> _fua = new("--fua") { Description = "... each write with FUA." };

    private readonly Option<int?> _flushEvery = new("--flush-every") { Description = "... a flush after N writes of a connection.", HelpName = "N" };

    private readonly Option<bool> _structured = new("--structured") { Description = "Negotiates structured replies, in any case." };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_uri);
        Option[] options =
        [
            _vs, _cases, _destroyData, _fill, _seconds, _warmUp, _rounds, _span, _seed, _structured,
            _block, _depth, _connections, _read, _sequential, _fua, _flushEvery,
        ];
        Array.ForEach(options, command.Options.Add);
    }

    public IEnumerable<NbdUri> UrisOf(ParseResult result) =>
        ((string[])[result.GetValue(_uri)!, .. result.GetValue(_vs) ?? []]).Select(NbdUri.Parse).ToArray();

    public bool Fills(ParseResult result) => result.GetValue(_fill);

    public LoadSettings SettingsOf(ParseResult result) => new()
    {
        Duration = Seconds(_seconds, result, min: 0.01),
        WarmUp = Seconds(_warmUp, result, min: 0),
        Rounds = Within(_rounds.Name, result.GetValue(_rounds), 1, MaxRounds),
        SpanBytes = Size(_span.Name, result.GetValue(_span)!, long.MaxValue),
        Seed = result.GetValue(_seed),
    };

    /// <summary>The cases that were named, or the one that was described.</summary>
    public IReadOnlyList<LoadCase> CasesOf(ParseResult result)
    {
        Option[] own = [_block, _depth, _connections, _read, _sequential, _fua, _flushEvery];
        Option? described = own.FirstOrDefault(o => result.GetResult(o) is { Implicit: false });
        string? named = result.GetValue(_cases);
        if (described is not null && named is not null)
        {
            throw Wrong($"{described.Name} describes a case of one's own and goes with no {_cases.Name}");
        }

        IReadOnlyList<LoadCase> cases = described is not null ? [Describe(result)] : named is not null ? Find(named) : LoadCase.Named;
        return result.GetValue(_structured) ? [.. cases.Select(static c => c with { IsStructured = true })] : cases;
    }

    /// <summary>Nothing is written over that nobody gave up.</summary>
    public void DemandConsent(ParseResult result, IEnumerable<LoadCase> cases)
    {
        string[] writing = [.. result.GetValue(_fill) ? [_fill.Name] : Array.Empty<string>(), .. cases.Where(static c => c.Writes).Select(static c => c.Name)];
        if (writing.Length > 0 && !result.GetValue(_destroyData))
        {
            string reads = string.Join(',', LoadCase.Named.Where(static c => !c.Writes).Select(static c => c.Name));
            throw Wrong(
                $"{string.Join(", ", writing)} would overwrite what is on the disk: add {DestroyData} if it may be lost, or only read ({_cases.Name} {reads})");
        }
    }

    private LoadCase Describe(ParseResult result)
    {
        string block = result.GetValue(_block) ?? "4K";
        int read = Within(_read.Name, result.GetValue(_read) ?? 100, 0, 100);
        LoadCase load = new(
            "own",
            (int)Size(_block.Name, block, LoadCase.MaxBlockBytes),
            Within(_depth.Name, result.GetValue(_depth) ?? 1, 1, LoadCase.MaxDepth),
            Within(_connections.Name, result.GetValue(_connections) ?? 1, 1, LoadCase.MaxConnections),
            read)
        {
            IsSequential = result.GetValue(_sequential),
            IsFua = result.GetValue(_fua),
            FlushEvery = result.GetValue(_flushEvery) is { } every ? Within(_flushEvery.Name, every, 1, int.MaxValue) : 0,
        };
        return load.Writes || (!load.IsFua && load.FlushEvery == 0)
            ? load
            : throw Wrong($"{(load.IsFua ? _fua.Name : _flushEvery.Name)} is for writes, and {_read.Name} {read} has none");
    }

    private LoadCase[] Find(string names) =>
    [
        .. names.Split(',').Select(name => LoadCase.Named.FirstOrDefault(c => c.Name == name)
            ?? throw Wrong($"{_cases.Name}: '{name}' is none of {string.Join(", ", LoadCase.Named.Select(static c => c.Name))}")),
    ];

    private static TimeSpan Seconds(Option<double> option, ParseResult result, double min)
    {
        double seconds = result.GetValue(option);
        return seconds >= min && seconds <= MaxSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw Wrong($"{option.Name}: {seconds} lies not between {min} and {MaxSeconds} seconds");
    }

    private static int Within(string name, int value, int min, int max) =>
        value >= min && value <= max ? value : throw Wrong($"{name}: {value} lies not between {min} and {max}");

    private static long Size(string name, string text, long max) =>
        SizeText.TryParse(text, max, out long bytes)
            ? bytes
            : throw Wrong($"{name}: '{text}' is no size such as 512, 4K or 1M{(max < long.MaxValue ? $", at most {max}" : "")}");

    private static CliException Wrong(string message) => new(ExitCodes.Usage, message);
}

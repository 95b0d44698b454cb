using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A disk in one thread: carries commands out one by one, and holds what comes of them against the naive model at once,
/// and at every cut against the oracle as well.</summary>
internal sealed class Simulator : IDisposable
{
    private readonly NaiveDisk _naive;
    private readonly SimulationSink _sink;
    private readonly Disk _disk;
    private readonly Dictionary<int, InFlightWrite> _inFlight = [];
    private readonly int _block;
    private readonly PayloadStore _store = new();
    private readonly SimulatedPayloads _payloads;
    private readonly SimulatedCuts _cuts;
    private readonly SimulatedReads _reads;
    private IReadOnlyList<SimulatedCommand> _commands = [];
    private (long Flush, long Covered, IReadOnlyList<NaiveStep> Steps)? _flush;
    private int _depth;
    private bool _isCut;
    private string? _complaintBetween;

    public Simulator(DiskOptions options)
    {
        _block = options.BlockSizeBytes;
        _naive = new NaiveDisk(options);
        _sink = new SimulationSink(options, _naive, _store);
        _disk = new Disk(options, _sink);
        _disk.Commands.BetweenSteps = RunBetween;
        _payloads = new SimulatedPayloads(_disk);
        _reads = new SimulatedReads(_disk, _naive);
        _cuts = new SimulatedCuts(_disk, _naive, _sink.Recorder);
    }

    /// <summary>How many commands were carried out, those passed over among them.</summary>
    public int Done { get; private set; }

    /// <summary>Carries commands out until something is wrong; says what.</summary>
    public string? Run(IReadOnlyList<SimulatedCommand> commands)
    {
        _commands = commands;
        while (Done < commands.Count)
        {
            SimulatedCommand command = commands[Done++];
            int number = Done;
            string? complaint = Try(command) ?? _complaintBetween;
            if (complaint is not null)
            {
                return $"command {number}, {command.Kind} {command.First}+{command.Count}: {complaint}";
            }
        }

        return null;
    }

    public void Dispose()
    {
        _disk.Dispose();
        _store.Dispose();
    }

    private string? Try(in SimulatedCommand command)
    {
        try
        {
            bool isOn = _disk.PowerState == PowerState.On;
            string? complaint = isOn ? DoOn(command) : DoOff(command);
            return complaint ?? _sink.Complaint;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e.ToString();
        }
    }

    /// <summary>Between two steps of a command: the next one, when it is to come there.</summary>
    private void RunBetween()
    {
        if (_depth != 1 || Done >= _commands.Count || !_commands[Done].IsBetween || !MayRunBetween(_commands[Done].Kind))
        {
            return;
        }

        SimulatedCommand command = _commands[Done++];
        _depth++;
        string? complaint = Try(command);
        _depth--;
        _complaintBetween ??= complaint is null ? null : $"between its steps, {command.Kind} {command.First}+{command.Count}: {complaint}";
        _reads.Look();
    }

    /// <summary>Hand over hand a write may have to wait for the one whose steps it comes between: not in one thread.</summary>
    private bool MayRunBetween(SimulatedKind kind) =>
        _sink.Options.Isolation.Mode == IsolationMode.HandOverHand
            ? kind is SimulatedKind.Read or SimulatedKind.Flush or SimulatedKind.Cut
            : kind is not (SimulatedKind.Shutdown or SimulatedKind.PowerOn or SimulatedKind.Recut);

    private string? DoOn(in SimulatedCommand command) => command.Kind switch
    {
        SimulatedKind.Write or SimulatedKind.Zero or SimulatedKind.Trim => Change(command),
        SimulatedKind.Begin => Begin(command),
        SimulatedKind.Acknowledge => Acknowledge(command.Name),
        SimulatedKind.Flush => Flush(),
        SimulatedKind.BeginFlush => BeginFlush(),
        SimulatedKind.EndFlush => EndFlush(),
        SimulatedKind.Read => Read(command),
        SimulatedKind.Cut => Cut(command),
        SimulatedKind.Shutdown => Shutdown(),
        SimulatedKind.Change => ChangeOptions(command.Options!),
        _ => null,
    };

    private string? DoOff(in SimulatedCommand command) => command.Kind switch
    {
        SimulatedKind.Recut when _isCut => _cuts.Judge(_disk.Recut(command.Seed, command.Loss)),
        SimulatedKind.PowerOn => PowerOn(),
        SimulatedKind.Change => ChangeOptions(command.Options!),
        SimulatedKind.Write => ExpectNoPower(command),
        _ => null,
    };

    private string? Change(in SimulatedCommand command)
    {
        ExpectedSteps expected = _sink.Expect(command);
        long offset = (long)command.First * _block;
        long length = (long)command.Count * _block;
        ReadOnlySpan<byte> payload = command.Kind == SimulatedKind.Write ? Payload(command) : [];
        _depth++;
        DiskStatus status = command.Kind switch
        {
            SimulatedKind.Write => _disk.Write(_disk.PowerEpoch, offset, payload, command.IsFua),
            SimulatedKind.Zero => _disk.WriteZeroes(_disk.PowerEpoch, offset, length, command.IsFua, mayPunchHole: true),
            _ => _disk.Trim(_disk.PowerEpoch, offset, length, command.IsFua),
        };
        _depth--;
        _sink.Leave();
        if (_disk.PowerState != PowerState.On)
        {
            return status == DiskStatus.PowerLost || expected.IsAcknowledged ? null : $"{status}, and the power went";
        }

        if (status != DiskStatus.Ok || !expected.IsAcknowledged)
        {
            return $"{status}, {expected.Steps.Count} steps, acknowledged: {expected.IsAcknowledged}";
        }

        if (expected.Steps.Count > 1 && _naive.IsOneStep(expected.Accepted, command.First, command.Count))
        {
            return $"it took {expected.Steps.Count} steps";
        }

        foreach (long step in expected.Steps)
        {
            _naive.Acknowledge(step, command.IsFua);
        }

        return command.First == 0 ? CompareStatistics(command, isOneStep: expected.Steps.Count == 1) : null;
    }

    /// <summary>Not after every command: the naive model counts from end to end.</summary>
    private string? CompareStatistics(in SimulatedCommand command, bool isOneStep)
    {
        long expected = _naive.CountCachedBytes();
        long found = _disk.GetStatistics().CachedBytes;
        bool hasMadeRoom = isOneStep && command.Kind == SimulatedKind.Write && !command.IsFua
            && (long)command.Count * _block <= _sink.Options.CacheBytes && _sink.Options.Destage.Kind != DestagePolicyKind.Never;
        return found != expected ? $"{found} bytes are cached; it should be {expected}"
            : hasMadeRoom && found > _sink.Options.CacheBytes ? $"{found} bytes are cached, more than the cache holds"
            : null;
    }

    private string? Begin(in SimulatedCommand command)
    {
        ExpectedSteps expected = _sink.Expect(command);
        ByteRange range = new((long)command.First * _block, (long)command.Count * _block);
        _inFlight[command.Name] = InFlightWrite.Begin(_disk, range, Payload(command), command.IsFua);
        _sink.Leave();
        return !expected.IsVisible || expected.IsAcknowledged ? "it made no step, or was acknowledged with it" : null;
    }

    private string? Acknowledge(int name)
    {
        if (!_inFlight.Remove(name, out InFlightWrite? write))
        {
            return null;
        }

        using (_sink.Interrupt())
        {
            if (!write.TryAcknowledge() || _sink.Acknowledged != write.Sequence)
            {
                return "it was not acknowledged";
            }
        }

        _naive.Acknowledge(write.Sequence, isFua: false);
        return null;
    }

    private string? Flush()
    {
        IReadOnlyList<NaiveStep> covered = _naive.AcceptFlush();
        DiskStatus status = _disk.Flush(_disk.PowerEpoch);
        NaiveDisk.AcknowledgeFlush(covered);
        return status == DiskStatus.Ok ? null : $"{status}";
    }

    private string? BeginFlush()
    {
        lock (_disk.Core.Gate)
        {
            _flush = (_disk.Core.AcceptFlush(), _disk.Core.AcknowledgeOrder, _naive.AcceptFlush());
        }

        return null;
    }

    private string? EndFlush()
    {
        if (_flush is { } flush)
        {
            lock (_disk.Core.Gate)
            {
                _disk.Core.PersistAcknowledged(flush.Covered);
                _disk.Core.AcknowledgeFlush(flush.Flush, flush.Covered);
            }

            NaiveDisk.AcknowledgeFlush(flush.Steps);
            _flush = null;
        }

        return null;
    }

    private string? Read(in SimulatedCommand command)
    {
        _depth++;
        string? complaint = _reads.Read(command);
        _depth--;
        return complaint;
    }

    private string? Cut(in SimulatedCommand command)
    {
        string? complaint = CompareStatistics(command, isOneStep: true);
        CutReport report = _disk.Cut(command.Seed, command.Loss);
        _isCut = true;
        return complaint ?? _cuts.Judge(report);
    }

    private string? Shutdown()
    {
        if (_inFlight.Count > 0)
        {
            return null; // what becomes of commands in flight is nobody's promise
        }

        NaiveDisk.AcknowledgeFlush(_naive.AcceptFlush());
        DiskStatus status = _disk.Shutdown();
        _isCut = false;
        if (_cuts.FindLost() is { } lost)
        {
            return $"{status}: {lost}";
        }

        return status == DiskStatus.Ok ? null : $"{status}";
    }

    private string? PowerOn()
    {
        _cuts.Restart();
        _inFlight.Clear();
        _flush = null;
        _disk.PowerOn();
        return null;
    }

    /// <summary>What else holds from now on. Between the steps of a command its isolation stays: others would have to wait for it.</summary>
    private string? ChangeOptions(DiskOptions next)
    {
        bool isBetween = _depth > 0;
        _disk.Change(o => o with { Atomicity = next.Atomicity, Destage = next.Destage, Isolation = isBetween ? o.Isolation : next.Isolation });
        _sink.Options = _disk.Options;
        return null;
    }

    private string? ExpectNoPower(in SimulatedCommand command)
    {
        DiskStatus status = _disk.Write(_disk.PowerEpoch, (long)command.First * _block, Payload(command), command.IsFua);
        return status == DiskStatus.PowerLost ? null : $"{status} without power";
    }

    private ReadOnlySpan<byte> Payload(in SimulatedCommand command) => _payloads.Fill(_depth, command);
}

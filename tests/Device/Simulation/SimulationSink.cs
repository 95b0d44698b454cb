using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Passes the event log on to the oracle's trace and to the naive model, and sees to it that it says what was asked for.</summary>
internal sealed class SimulationSink(DiskOptions options, NaiveDisk naive, PayloadStore store) : IDiskEventSink
{
    private readonly int _block = options.BlockSizeBytes;
    private readonly Stack<ExpectedSteps> _expected = [];

    /// <summary>What holds for commands that are accepted now.</summary>
    public DiskOptions Options { get; set; } = options;

    public TraceRecorder Recorder { get; } = new(options, store: store);

    /// <summary>The first event that should not have been.</summary>
    public string? Complaint { get; private set; }

    /// <summary>The step that was acknowledged last.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Until <see cref="Leave"/> the steps that come are this command's.</summary>
    public ExpectedSteps Expect(in SimulatedCommand command)
    {
        ExpectedSteps expected = new(command, Options);
        _expected.Push(expected);
        return expected;
    }

    public void Leave() => _expected.Pop();

    /// <summary>What comes is not of the command under way, until the result is disposed.</summary>
    public IDisposable Interrupt() => new Interruption(_expected);

    public void OnStep(
        long sequence, WriteKind kind, ByteRange range, bool isFua, AtomicityParameters atomicity, ReadOnlySpan<byte> payload)
    {
        Recorder.OnStep(sequence, kind, range, isFua, atomicity, payload);
        string? complaint = _expected.TryPeek(out ExpectedSteps? expected)
            ? expected.Take(sequence, kind, range, isFua)
            : $"step {sequence} of no command";
        if (complaint is not null)
        {
            Complain(complaint);
            return;
        }

        if (atomicity != expected!.Accepted.EffectiveAtomicity)
        {
            Complain($"step {sequence} is not promised what held when its command was accepted");
        }

        int first = (int)(range.OffsetBytes / _block);
        ulong[] contents = new ulong[range.LengthBytes / _block];
        for (int i = 0; i < contents.Length; i++)
        {
            contents[i] = kind == WriteKind.Write ? expected!.Command.ContentOf(first + i - expected.Command.First) : 0;
            if (kind == WriteKind.Write && contents[i] != BlockContent.Read(payload[(i * _block)..], _block))
            {
                Complain($"step {sequence}: other bytes than were written");
            }
        }

        naive.Step(sequence, expected!.Accepted, kind == WriteKind.Write, first, contents);
    }

    public void OnAcknowledge(long sequence)
    {
        Recorder.OnAcknowledge(sequence);
        Acknowledged = sequence;
        if (_expected.TryPeek(out ExpectedSteps? expected) && !expected.Acknowledge(sequence))
        {
            Complain($"step {sequence} is acknowledged, which is not the command's");
        }
    }

    public void OnDestage(long sequence)
    {
        Recorder.OnDestage(sequence);
        if (!naive.Destage(sequence))
        {
            Complain($"step {sequence}, which never was, is destaged");
        }
    }

    public void OnFlushAccepted(long flush) => Recorder.OnFlushAccepted(flush);

    public void OnFlushAcknowledged(long flush) => Recorder.OnFlushAcknowledged(flush);

    public void OnMark(DiskMark mark) => Recorder.OnMark(mark);

    public void OnCut(CutReport report) => Recorder.OnCut(report);

    public void OnPowerOn() => Recorder.OnPowerOn();

    private void Complain(string what) => Complaint ??= what;

    private sealed class Interruption : IDisposable
    {
        private readonly Stack<ExpectedSteps> _expected;
        private readonly ExpectedSteps[] _interrupted;

        public Interruption(Stack<ExpectedSteps> expected)
        {
            (_expected, _interrupted) = (expected, [.. expected]);
            expected.Clear();
        }

        public void Dispose()
        {
            for (int i = _interrupted.Length - 1; i >= 0; i--)
            {
                _expected.Push(_interrupted[i]);
            }
        }
    }
}

using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Randomness;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Commands;

/// <summary>Commands as clients give them, carried out as the isolation in force says (SEMANTICS 6).</summary>
internal sealed class IsolatedCommands(DiskCore core, ReadCommands reads, WriteCommands writes, FlushCommand flush)
{
    /// <summary>How often an adversarial command lets others in.</summary>
    private const int MaxBreaths = 4;

    private readonly CommandGate _gate = new();
    private readonly PageLocks _pages = new();
    private readonly Breather _breather = new();
    private long _commandNumber;

    /// <summary>For tests: runs between the steps of a command, on its thread, without any lock but those of the mode.</summary>
    public Action? BetweenSteps { get; set; }

    /// <summary>Whether every command is one step, whatever runs beside it.</summary>
    public bool IsPlain => core.Options.Isolation.IsPlain;

    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination, out long? failedAtBytes)
    {
        IsolationRule rule = core.Options.Isolation;
        if (rule.IsPlain)
        {
            return reads.Read(epoch, offsetBytes, destination, out failedAtBytes);
        }

        _gate.Enter(rule.Mode, isWrite: false);
        try
        {
            return ReadInSteps(rule, epoch, offsetBytes, destination, out failedAtBytes);
        }
        finally
        {
            _gate.Exit(rule.Mode, isWrite: false);
        }
    }

    public DiskStatus Write(long epoch, long offsetBytes, ReadOnlySpan<byte> payload, bool isFua)
    {
        IsolationRule rule = core.Options.Isolation;
        if (rule.IsPlain)
        {
            return writes.Write(epoch, offsetBytes, payload, isFua);
        }

        return Change(rule, epoch, new ByteRange(offsetBytes, payload.Length), isLong: false, payload, isFua, WriteKind.Write, false);
    }

    /// <summary>A payload that began to arrive while every command was one step, and stays one; but what runs alone now, it lets
    /// alone.</summary>
    public DiskStatus Write(long epoch, long offsetBytes, int lengthBytes, WriteStock stock, bool isFua)
    {
        IsolationMode mode = core.Options.Isolation.Mode;
        _gate.Enter(mode, isWrite: true);
        try
        {
            return writes.Write(epoch, offsetBytes, lengthBytes, stock, isFua);
        }
        finally
        {
            _gate.Exit(mode, isWrite: true);
        }
    }

    public DiskStatus WriteZeroes(long epoch, long offsetBytes, long lengthBytes, bool isFua, bool keepsProvisioned)
    {
        IsolationRule rule = core.Options.Isolation;
        return rule.IsPlain
            ? writes.WriteZeroes(epoch, offsetBytes, lengthBytes, isFua, keepsProvisioned)
            : Change(rule, epoch, new ByteRange(offsetBytes, lengthBytes), isLong: true, default, isFua, WriteKind.WriteZeroes, keepsProvisioned);
    }

    public DiskStatus Trim(long epoch, long offsetBytes, long lengthBytes, bool isFua)
    {
        IsolationRule rule = core.Options.Isolation;
        return rule.IsPlain
            ? writes.Trim(epoch, offsetBytes, lengthBytes, isFua)
            : Change(rule, epoch, new ByteRange(offsetBytes, lengthBytes), isLong: true, default, isFua, WriteKind.Trim, false);
    }

    /// <summary>One step in every mode.</summary>
    public DiskStatus Compare(long epoch, long offsetBytes, ReadOnlySpan<byte> expected)
    {
        IsolationMode mode = core.Options.Isolation.Mode;
        _gate.Enter(mode, isWrite: false);
        try
        {
            return reads.Compare(epoch, offsetBytes, expected);
        }
        finally
        {
            _gate.Exit(mode, isWrite: false);
        }
    }

    /// <summary>One step in every mode: the two halves are one command.</summary>
    public DiskStatus CompareAndWrite(
        long epoch, long offsetBytes, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> payload, bool isFua)
    {
        IsolationMode mode = core.Options.Isolation.Mode;
        _gate.Enter(mode, isWrite: true);
        try
        {
            return writes.CompareAndWrite(epoch, offsetBytes, expected, payload, isFua);
        }
        finally
        {
            _gate.Exit(mode, isWrite: true);
        }
    }

    /// <summary>Beside others, but where one command runs at a time.</summary>
    public DiskStatus Flush(long epoch)
    {
        IsolationMode mode = core.Options.Isolation.Mode;
        if (mode != IsolationMode.Exclusive)
        {
            return flush.Run(epoch);
        }

        _gate.Enter(mode, isWrite: false);
        try
        {
            return flush.Run(epoch);
        }
        finally
        {
            _gate.Exit(mode, isWrite: false);
        }
    }

    private DiskStatus ReadInSteps(
        IsolationRule rule, long epoch, long offsetBytes, Span<byte> destination, out long? failedAtBytes)
    {
        failedAtBytes = null;
        if (!core.Geometry.IsInside(offsetBytes, destination.Length))
        {
            return DiskStatus.OutOfRange;
        }

        SplitMix64 chance = NextChance();
        List<ByteRange> steps = Plan(rule, core.Atomicity, new ByteRange(offsetBytes, destination.Length), isLong: false, ref chance);
        if (steps.Count <= 1)
        {
            return reads.Read(epoch, offsetBytes, destination, out failedAtBytes);
        }

        foreach (ByteRange step in steps)
        {
            Span<byte> target = destination.Slice((int)(step.OffsetBytes - offsetBytes), (int)step.LengthBytes);
            DiskStatus status = reads.Read(epoch, step.OffsetBytes, target, out failedAtBytes);
            if (status != DiskStatus.Ok)
            {
                return status;
            }

            Breathe(rule, steps.Count, ref chance);
        }

        return DiskStatus.Ok;
    }

    private DiskStatus Change(
        IsolationRule rule, long epoch, ByteRange range, bool isLong, ReadOnlySpan<byte> payload, bool isFua, WriteKind kind,
        bool keepsProvisioned)
    {
        _gate.Enter(rule.Mode, isWrite: true);
        try
        {
            SplitMix64 chance = NextChance();
            DiskStatus judged = writes.Judge(range.OffsetBytes, range.LengthBytes);
            AtomicityParameters accepted = core.Atomicity;
            List<ByteRange> steps = judged == DiskStatus.Ok ? Plan(rule, accepted, range, isLong, ref chance) : [];
            return steps.Count <= 1
                ? ChangeOnce(epoch, range, payload, isFua, kind, keepsProvisioned, taken: null)
                : ChangeInSteps(rule, epoch, range, steps, payload, isFua, kind, keepsProvisioned, accepted, ref chance);
        }
        finally
        {
            _gate.Exit(rule.Mode, isWrite: true);
        }
    }

    private DiskStatus ChangeInSteps(
        IsolationRule rule, long epoch, ByteRange range, List<ByteRange> steps, ReadOnlySpan<byte> payload, bool isFua, WriteKind kind,
        bool keepsProvisioned, AtomicityParameters accepted, ref SplitMix64 chance)
    {
        StepsTaken taken = new(accepted);
        DiskStatus status = DiskStatus.Ok;
        bool handsOver = rule.Mode == IsolationMode.HandOverHand;
        PageRun held = default;
        try
        {
            foreach (ByteRange step in steps)
            {
                if (handsOver)
                {
                    held = HandOver(held, PageRun.Of(step));
                }

                ReadOnlySpan<byte> bytes = payload.IsEmpty
                    ? payload
                    : payload.Slice((int)(step.OffsetBytes - range.OffsetBytes), (int)step.LengthBytes);
                status = ChangeOnce(epoch, step, bytes, isFua, kind, keepsProvisioned, taken);
                if (status != DiskStatus.Ok)
                {
                    break;
                }

                Breathe(rule, steps.Count, ref chance);
            }
        }
        finally
        {
            if (held != default)
            {
                _pages.Release(held);
            }
        }

        // What failed in its middle has left some blocks old and some new: the new ones are as good as any.
        DiskStatus acknowledged = writes.Acknowledge(epoch, taken);
        return status == DiskStatus.Ok ? acknowledged : status;
    }

    /// <summary>Locks a step's pages before those that are held are let go.</summary>
    private PageRun HandOver(PageRun held, PageRun next)
    {
        _pages.Take(next);
        if (held != default)
        {
            _pages.Release(held);
        }

        return next;
    }

    private DiskStatus ChangeOnce(
        long epoch, ByteRange range, ReadOnlySpan<byte> payload, bool isFua, WriteKind kind, bool keepsProvisioned, StepsTaken? taken) =>
        kind switch
        {
            WriteKind.Write => writes.Write(epoch, range.OffsetBytes, payload, isFua, taken),
            WriteKind.Trim => writes.Trim(epoch, range.OffsetBytes, range.LengthBytes, isFua, taken),
            _ => writes.WriteZeroes(epoch, range.OffsetBytes, range.LengthBytes, isFua, keepsProvisioned, taken),
        };

    private void Breathe(IsolationRule rule, int steps, ref SplitMix64 chance)
    {
        BetweenSteps?.Invoke();
        if (rule.IsAdversarial && BetweenSteps is null)
        {
            _breather.OnStep(chance.NextBelow((ulong)steps) < MaxBreaths);
        }
    }

    private List<ByteRange> Plan(IsolationRule rule, AtomicityParameters promise, ByteRange range, bool isLong, ref SplitMix64 chance) =>
        StepPlan.Cut(rule, promise, core.Geometry.BlockSizeBytes, range, isLong, ref chance);

    private SplitMix64 NextChance() => new(SplitMix64.Hash(core.Options.Seed, 0x150, (ulong)Interlocked.Increment(ref _commandNumber)));
}

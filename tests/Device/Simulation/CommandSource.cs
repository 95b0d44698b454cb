using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Draws a disk and what happens to it from a seed.</summary>
internal sealed class CommandSource
{
    /// <summary>So few that no trim's or zeroes' atoms are tied together: the naive model need not know how.</summary>
    private const int MaxBlocks = 64;

    private readonly int _blocks;
    private readonly List<int> _begun = [];
    private SplitMix64 _chance;
    private ulong _content;
    private int _names;
    private long _steps;
    private bool _isOff;
    private bool _isFlushing;

    public CommandSource(ulong seed)
    {
        _chance = new SplitMix64(seed);
        DiskOptions options = RandomOptions.Draw(ref _chance);
        long sizeBytes = Math.Min(options.SizeBytes, (long)MaxBlocks * options.BlockSizeBytes);
        long cacheBytes = options.CacheBytes / options.BlockSizeBytes * options.BlockSizeBytes; // as a script can say it
        Options = options with { SizeBytes = sizeBytes, CacheBytes = cacheBytes, Isolation = DrawIsolation(ref _chance) };
        _blocks = (int)(sizeBytes / options.BlockSizeBytes);
    }

    public DiskOptions Options { get; }

    public List<SimulatedCommand> Draw(int count)
    {
        List<SimulatedCommand> commands = new(count);
        while (commands.Count < count)
        {
            commands.Add((_isOff ? DrawOff() : DrawOn()) with { IsBetween = _chance.NextCoin(0.4) });
        }

        return commands;
    }

    private static IsolationRule DrawIsolation(ref SplitMix64 chance) => chance.NextCoin(0.5)
        ? IsolationRule.Default
        : new IsolationRule((IsolationMode)chance.NextBelow(6), IsAdversarial: true);

    private SimulatedCommand DrawOff()
    {
        if (_chance.NextCoin(0.4))
        {
            return DrawCut(SimulatedKind.Recut);
        }

        if (_chance.NextCoin(0.05))
        {
            return DrawChange();
        }

        _isOff = false;
        return new SimulatedCommand(SimulatedKind.PowerOn);
    }

    private SimulatedCommand DrawChange()
    {
        DiskOptions next;
        do
        {
            next = Options with
            {
                Atomicity = RandomOptions.DrawAtomicity(ref _chance, Options.BlockSizeBytes) with { Dn = _chance.NextCoin(0.2) },
                Destage = RandomOptions.DrawDestage(ref _chance),
                Isolation = DrawIsolation(ref _chance),
            };
        }
        while (!IsPossible(next));

        return new SimulatedCommand(SimulatedKind.Change) { Options = next };
    }

    private SimulatedCommand DrawOn()
    {
        switch (_chance.NextBelow(1000))
        {
            case < 5:
                PowerGoes();
                return DrawCut(SimulatedKind.Cut);
            case < 6:
                PowerGoes();
                return new SimulatedCommand(SimulatedKind.Shutdown);
            case < 30:
                return new SimulatedCommand(SimulatedKind.Flush);
            case < 45:
                _isFlushing = !_isFlushing;
                return new SimulatedCommand(_isFlushing ? SimulatedKind.BeginFlush : SimulatedKind.EndFlush);
            case < 50:
                return DrawChange();
            case < 110:
                return DrawRange(SimulatedKind.Trim);
            case < 170:
                return DrawRange(SimulatedKind.Zero);
            case < 330:
                return DrawRange(SimulatedKind.Read) with { IsFua = false };
            case < 390:
                _begun.Add(_names);
                return DrawWrite(SimulatedKind.Begin) with { IsFua = false, Name = _names++ };
            case < 450 when _begun.Count > 0:
                int index = (int)_chance.NextBelow((ulong)_begun.Count);
                int name = _begun[index];
                _begun.RemoveAt(index);
                return new SimulatedCommand(SimulatedKind.Acknowledge) { Name = name };
            default:
                return DrawWrite(SimulatedKind.Write);
        }
    }

    /// <summary>The cache is large enough for the unit, with this isolation and with one that does not make it smaller: the change may
    /// come where the isolation has to stay.</summary>
    private static bool IsPossible(DiskOptions next) =>
        !next.Validate().Any() && !(next with { Isolation = IsolationRule.Default }).Validate().Any();

    private void PowerGoes()
    {
        _isOff = true;
        _isFlushing = false;
        _begun.Clear();
    }

    private SimulatedCommand DrawCut(SimulatedKind kind)
    {
        LossModel loss = RandomOptions.DrawLoss(ref _chance);
        if (loss.Kind == LossModelKind.Explicit)
        {
            // Of the newest steps, or nothing that is pending would be among them.
            loss = LossModel.Explicit([.. loss.Atoms.Select(a => a with { Sequence = _steps + 1 - a.Sequence })]);
        }

        return new SimulatedCommand(kind) { Seed = _chance.Next() >> 11, Loss = loss }; // as JSON can say it
    }

    private SimulatedCommand DrawWrite(SimulatedKind kind)
    {
        SimulatedCommand command = DrawRange(kind);
        switch (_chance.NextBelow(20))
        {
            case 0:
                return command;
            case 1:
                return command with { Content = 1 + _chance.NextBelow(3), IsUniform = true }; // equal to others
            default:
                ulong first = _content + 10;
                _content += (ulong)command.Count;
                return command with { Content = first };
        }
    }

    private SimulatedCommand DrawRange(SimulatedKind kind)
    {
        ulong first = _chance.NextBelow((ulong)_blocks);
        ulong longest = (ulong)_blocks - first;
        longest = _chance.NextCoin(0.9) ? Math.Min(longest, 6) : longest;
        _steps += kind == SimulatedKind.Read ? 0 : 1;
        return new SimulatedCommand(kind)
        {
            First = (int)first,
            Count = 1 + (int)_chance.NextBelow(longest),
            IsFua = _chance.NextCoin(0.1),
        };
    }
}

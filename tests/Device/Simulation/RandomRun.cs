using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A random sequence of commands of several connections on one disk, cut at a random instant and judged, more than
/// once. Commands of a connection in flight stand between their step and their acknowledgement.</summary>
internal sealed class RandomRun
{
    private readonly ulong _seed;
    private readonly DiskOptions _options;
    private readonly TraceRecorder _recorder;
    private OutsideView? _outside;
    private readonly Disk _disk;
    private readonly byte[] _visible;
    private readonly List<InFlightWrite> _inFlight = [];
    private readonly RandomTransfers _transfers;
    private SplitMix64 _chance;
    private SplitMix64 _ways;
    private byte[] _first;

    public RandomRun(ulong seed, string? filePath = null)
    {
        _seed = seed;
        _chance = new SplitMix64(seed);
        _options = RandomOptions.Draw(ref _chance) with { FilePath = filePath, SyncToHost = false };
        _recorder = new TraceRecorder(_options, LookFromOutside);
        _disk = new Disk(_options, _recorder);
        _transfers = new RandomTransfers(_disk);
        _ways = new SplitMix64(~seed);
        _first = new byte[_options.SizeBytes];
        _visible = new byte[_options.SizeBytes];
    }

    /// <summary>How many commands were carried out.</summary>
    public int Commands { get; private set; }

    /// <summary>With what clients are promised from now on.</summary>
    private OutsideView LookFromOutside()
    {
        DiskOptions options = _disk?.Options ?? _options;
        return _outside = new OutsideView(TraceRecorder.GeometryOf(options), options.EffectiveAtomicity);
    }

    public void Run(int cuts)
    {
        using (_disk)
        using (_transfers)
        {
            for (int i = 0; i < cuts; i++)
            {
                ulong commands = _chance.NextBelow(40);
                for (ulong n = 0; n < commands; n++)
                {
                    OneCommand();
                    Commands++;
                    MaybeChange();
                }

                CutAndJudge();
            }
        }
    }

    private void OneCommand()
    {
        bool fua = _chance.NextCoin(0.15);
        switch (_chance.NextBelow(18))
        {
            case 0:
                Assert.Equal(DiskStatus.Ok, _disk.Flush(_disk.PowerEpoch));
                break;
            case 1:
                SplitFlush();
                break;
            case 2:
            case 3:
                ByteRange trim = DrawRange(aligned: _chance.NextCoin(0.8));
                Assert.Equal(DiskStatus.Ok, _disk.Trim(_disk.PowerEpoch, trim.OffsetBytes, trim.LengthBytes, fua));
                long start = (trim.OffsetBytes + _options.BlockSizeBytes - 1) / _options.BlockSizeBytes * _options.BlockSizeBytes;
                long end = trim.EndBytes / _options.BlockSizeBytes * _options.BlockSizeBytes;
                if (start < end)
                {
                    _visible.AsSpan((int)start, (int)(end - start)).Clear();
                }

                break;
            case 4:
            case 5:
                ByteRange zero = DrawRange(aligned: _chance.NextCoin(0.7));
                bool punch = _chance.NextCoin(0.5);
                Assert.Equal(DiskStatus.Ok, _disk.WriteZeroes(_disk.PowerEpoch, zero.OffsetBytes, zero.LengthBytes, fua, punch));
                _visible.AsSpan((int)zero.OffsetBytes, (int)zero.LengthBytes).Clear();
                break;
            case 6:
                BeginWrite(fua);
                break;
            case 7:
                FinishOne();
                break;
            case 16:
                Assert.Equal(DiskStatus.Ok, _disk.Destage((long)_chance.NextBelow(16_384)).Status);
                break;
            case 17:
                DestagePolicy policy = RandomOptions.DrawDestage(ref _chance);
                _disk.Change(o => o with { Destage = policy });
                break;
            case 8:
            case 9:
                CheckRead();
                break;
            default:
                ByteRange range = DrawRange(aligned: _chance.NextCoin(0.8));
                byte[] payload = DrawPayload(range.LengthBytes);
                Assert.Equal(DiskStatus.Ok, _transfers.Write(ref _ways, _disk.PowerEpoch, range.OffsetBytes, payload, fua));
                payload.CopyTo(_visible, range.OffsetBytes);
                break;
        }
    }

    /// <summary>Other promises for the commands to come, where they go with the cache.</summary>
    private void MaybeChange()
    {
        if (_ways.NextCoin(0.05))
        {
            AtomicityParameters drawn = RandomOptions.DrawAtomicity(ref _ways, _options.BlockSizeBytes);
            if (!(_options with { Atomicity = drawn }).Validate().Any())
            {
                _disk.Change(o => o with { Atomicity = drawn });
            }
        }
    }

    private void BeginWrite(bool fua)
    {
        ByteRange range = DrawRange(aligned: true);
        byte[] payload = DrawPayload(range.LengthBytes);
        _inFlight.Add(InFlightWrite.Begin(_disk, range, payload, fua));
        payload.CopyTo(_visible, range.OffsetBytes);
    }

    private void FinishOne()
    {
        if (_inFlight.Count > 0)
        {
            int index = (int)_chance.NextBelow((ulong)_inFlight.Count);
            _inFlight[index].TryAcknowledge();
            _inFlight.RemoveAt(index);
        }
    }

    /// <summary>A flush whose acceptance and acknowledgement have other commands between them.</summary>
    private void SplitFlush()
    {
        if (!_disk.Core.Medium.IsImmediate)
        {
            return;
        }

        long covered;
        long flush;
        lock (_disk.Core.Gate)
        {
            covered = _disk.Core.AcknowledgeOrder;
            flush = _disk.Core.AcceptFlush();
        }

        for (ulong n = _chance.NextBelow(3); n > 0; n--)
        {
            OneCommand();
        }

        if (_chance.NextCoin(0.2))
        {
            return; // never answered
        }

        lock (_disk.Core.Gate)
        {
            _disk.Core.PersistAcknowledged(covered);
            _disk.Core.AcknowledgeFlush(flush, covered);
        }
    }

    private void CheckRead()
    {
        ByteRange range = DrawRange(aligned: false);
        byte[] read = new byte[range.LengthBytes];
        Assert.Equal(DiskStatus.Ok, _transfers.Read(ref _ways, _disk.PowerEpoch, range.OffsetBytes, read, $"seed {_seed}"));
        Assert.True(
            read.AsSpan().SequenceEqual(_visible.AsSpan((int)range.OffsetBytes, read.Length)),
            $"seed {_seed}: a read of {range} does not return what was written");
    }

    private void CutAndJudge()
    {
        LossModel loss = RandomOptions.DrawLoss(ref _chance);
        CutReport report = _disk.Cut(loss: loss);
        byte[] platter = JudgeOnce(report);
        _outside!.Compare(new MemoryImage(_first), new MemoryImage(platter), ref _ways, $"seed {_seed}, {_options}");
        for (ulong n = _chance.NextBelow(3); n > 0; n--)
        {
            CutReport again = _disk.Recut(_chance.Next(), RandomOptions.DrawLoss(ref _chance));
            platter = JudgeOnce(again);
        }

        CutReport repeated = _disk.Recut(report.Seed, report.Loss);
        JudgeOnce(repeated);
        _first = MemoryImage.Of(_disk).Bytes;
        _disk.PowerOn();
        _inFlight.Clear();
        _first.CopyTo(_visible, 0);
        byte[] visible = new byte[_options.SizeBytes];
        Assert.Equal(DiskStatus.Ok, _disk.Read(_disk.PowerEpoch, 0, visible));
        Assert.True(visible.AsSpan().SequenceEqual(_first), $"seed {_seed}: after power on a read is not the platter");
        Assert.NotNull(platter);
    }

    private byte[] JudgeOnce(CutReport report)
    {
        MemoryImage platter = MemoryImage.Of(_disk);
        Verdict verdict = LegalityOracle.Judge(
            _recorder.Trace, new MemoryImage(_first), platter, new JudgeOptions { Loss = RandomOptions.ClaimOf(report.Loss) });
        Assert.True(verdict.IsLegal, $"seed {_seed}, {_options}, cut seed {report.Seed} {report.Loss}: {verdict}\n"
            + string.Join('\n', verdict.Violations));
        return platter.Bytes;
    }

    private ByteRange DrawRange(bool aligned)
    {
        ulong size = (ulong)_options.SizeBytes;
        ulong unit = aligned ? (ulong)_options.BlockSizeBytes : 1;
        ulong offset = _chance.NextBelow(size / unit) * unit;
        ulong longest = _chance.NextCoin(0.7) ? Math.Min(size - offset, 9 * unit * (aligned ? 1UL : 512UL)) : size - offset;
        ulong length = (1 + _chance.NextBelow(longest / unit)) * unit;
        return new ByteRange((long)offset, (long)length);
    }

    private byte[] DrawPayload(long length)
    {
        byte[] payload = new byte[length];
        if (_chance.NextCoin(0.1))
        {
            return payload; // zeroes: equal contents make the oracle search
        }

        if (_chance.NextCoin(0.1))
        {
            payload.AsSpan().Fill((byte)(1 + _chance.NextBelow(2)));
            return payload;
        }

        for (int i = 0; i < payload.Length; i += 64)
        {
            ulong stamp = _chance.Next();
            payload.AsSpan(i, Math.Min(64, payload.Length - i)).Fill((byte)(stamp | 1));
            if (i + 8 <= payload.Length)
            {
                BitConverter.TryWriteBytes(payload.AsSpan(i), stamp);
            }
        }

        return payload;
    }
}

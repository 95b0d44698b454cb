using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Commands;

/// <summary>The first and last block of a write that does not fill them: their missing bytes come from visible content, in
/// the step that makes the write visible.</summary>
internal sealed class UnalignedEdges : IStepInput
{
    private readonly ByteRange _covering;
    private readonly ByteRange _range;
    private readonly ByteRange _head;
    private readonly ByteRange _tail;
    private readonly byte[] _platter;
    private readonly int _blockBytes;
    private readonly List<ByteRange> _gaps = [];
    private int _registration;
    private bool _headWasPending;
    private bool _tailWasPending;

    public UnalignedEdges(ByteRange covering, ByteRange range, int blockBytes)
    {
        _covering = covering;
        _range = range;
        _blockBytes = blockBytes;
        _head = new ByteRange(covering.OffsetBytes, blockBytes);
        _tail = new ByteRange(covering.EndBytes - blockBytes, blockBytes);
        _platter = new byte[2 * blockBytes];
    }

    public void Register(DiskCore core, ReadsInFlight reads)
    {
        Span<byte> block = stackalloc byte[4096];
        _headWasPending = !IsGap(_head, block[.._blockBytes], core);
        _tailWasPending = !IsGap(_tail, block[.._blockBytes], core);
        _registration = reads.Begin(_covering);
    }

    public void Release(ReadsInFlight reads)
    {
        if (_registration != 0)
        {
            reads.End(_registration);
            _registration = 0;
        }
    }

    public DiskStatus ReadPlatter(DiskCore core)
    {
        try
        {
            core.Medium.Read(_head.OffsetBytes, _platter.AsSpan(0, _blockBytes));
            core.Medium.Read(_tail.OffsetBytes, _platter.AsSpan(_blockBytes));
            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return core.Refuse(e);
        }
    }

    public DiskStatus? TryFill(Span<byte> payload, DiskCore core)
    {
        Span<byte> block = stackalloc byte[4096];
        block = block[.._blockBytes];
        if (_range.OffsetBytes != _covering.OffsetBytes)
        {
            if (!TryReadVisible(_head, _platter.AsSpan(0, _blockBytes), block, core, _headWasPending))
            {
                return null;
            }

            int missing = (int)(_range.OffsetBytes - _covering.OffsetBytes);
            block[..missing].CopyTo(payload);
        }

        if (_range.EndBytes != _covering.EndBytes)
        {
            if (!TryReadVisible(_tail, _platter.AsSpan(_blockBytes), block, core, _tailWasPending))
            {
                return null;
            }

            int missing = (int)(_covering.EndBytes - _range.EndBytes);
            block[^missing..].CopyTo(payload[^missing..]);
        }

        return DiskStatus.Ok;
    }

    private bool IsGap(ByteRange at, Span<byte> block, DiskCore core)
    {
        core.Reader.Read(at.OffsetBytes, block, _gaps);
        return _gaps.Count > 0;
    }

    private bool TryReadVisible(ByteRange at, ReadOnlySpan<byte> platter, Span<byte> block, DiskCore core, bool wasPending)
    {
        if (!IsGap(at, block, core))
        {
            return true;
        }

        if (core.Medium.IsImmediate)
        {
            core.Medium.Read(at.OffsetBytes, block);
            return true;
        }

        platter.CopyTo(block);
        return !wasPending;
    }
}

using System.Buffers;
using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Commands;

/// <summary>The content that a compare and write expects: compared with what is visible in the step that writes, so that nothing
/// comes between. Where the write does not fill its first and last block, their other bytes stay as they are.</summary>
internal sealed class ComparedContent : IStepInput, IDisposable
{
    private readonly ByteRange _covering;
    private readonly ByteRange _range;
    private readonly byte[] _expected;
    private readonly byte[] _platter;
    private readonly byte[] _visible;
    private readonly List<ByteRange> _gaps = [];
    private readonly List<ByteRange> _gapsBefore = [];
    private int _registration;

    /// <param name="covering">Whole blocks around <paramref name="range"/>.</param>
    /// <param name="range">What is compared and written.</param>
    /// <param name="expected">As long as the range; copied.</param>
    public ComparedContent(ByteRange covering, ByteRange range, ReadOnlySpan<byte> expected)
    {
        _covering = covering;
        _range = range;
        _expected = ArrayPool<byte>.Shared.Rent(expected.Length);
        _platter = ArrayPool<byte>.Shared.Rent((int)covering.LengthBytes);
        _visible = ArrayPool<byte>.Shared.Rent((int)covering.LengthBytes);
        expected.CopyTo(_expected);
    }

    public void Register(DiskCore core, ReadsInFlight reads)
    {
        core.Reader.Read(_covering.OffsetBytes, Of(_visible, _covering), _gapsBefore);
        _registration = reads.Begin(_covering);
    }

    public DiskStatus ReadPlatter(DiskCore core)
    {
        try
        {
            foreach (ByteRange gap in _gapsBefore)
            {
                core.Medium.Read(gap.OffsetBytes, Of(_platter, gap));
            }

            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return core.Refuse(e);
        }
    }

    public DiskStatus? TryFill(Span<byte> payload, DiskCore core)
    {
        core.Reader.Read(_covering.OffsetBytes, Of(_visible, _covering), _gaps);
        foreach (ByteRange gap in _gaps)
        {
            if (core.Medium.IsImmediate)
            {
                core.Medium.Read(gap.OffsetBytes, Of(_visible, gap));
            }
            else if (_gapsBefore.Exists(before => before.OffsetBytes <= gap.OffsetBytes && gap.EndBytes <= before.EndBytes))
            {
                Of(_platter, gap).CopyTo(Of(_visible, gap));
            }
            else
            {
                return null; // some of it was pending then
            }
        }

        if (!Of(_visible, _range).SequenceEqual(_expected.AsSpan(0, (int)_range.LengthBytes)))
        {
            return DiskStatus.Miscompare;
        }

        int head = (int)(_range.OffsetBytes - _covering.OffsetBytes);
        int tail = (int)(_covering.EndBytes - _range.EndBytes);
        Of(_visible, _covering)[..head].CopyTo(payload);
        Of(_visible, _covering)[^tail..].CopyTo(payload[^tail..]);
        return DiskStatus.Ok;
    }

    public void Release(ReadsInFlight reads)
    {
        if (_registration != 0)
        {
            reads.End(_registration);
            _registration = 0;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_expected);
        ArrayPool<byte>.Shared.Return(_platter);
        ArrayPool<byte>.Shared.Return(_visible);
    }

    /// <summary>The bytes of a range in an array that begins where the covering range does.</summary>
    private Span<byte> Of(byte[] bytes, ByteRange range) =>
        bytes.AsSpan((int)(range.OffsetBytes - _covering.OffsetBytes), (int)range.LengthBytes);
}

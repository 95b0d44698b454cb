using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Outside;

/// <summary>A client log made ready: what each write-class request may have left, and what replies promised.</summary>
internal sealed class OutsideCase
{
    private readonly ClientOperation[] _operations;
    private readonly ClientOperation? _newestFlush;
    private readonly ClientOperation[] _flushes;
    private readonly bool _hasCache;
    private readonly long _awunBytes;

    public OutsideCase(ClientLog log, IPlatterImage first, IPlatterImage image)
    {
        TraceGeometry geometry = log.Geometry;
        (_hasCache, _awunBytes) = (geometry.HasCache, log.AwunBytes);
        List<ClientOperation> all = log.Effective();
        _flushes = [.. all.Where(static o => o.Kind is null && o.IsGood)];
        _newestFlush = _flushes.MaxBy(static f => f.SentAt);
        List<ClientOperation> operations = [];
        List<Judging.Version> versions = [];
        foreach (ClientOperation operation in all.Where(static o => o.Kind is not null && o.Range.LengthBytes > 0))
        {
            Extent range = Rounded(operation, geometry.Promise.BlockSizeBytes);
            if (range.LengthBytes > 0)
            {
                operations.Add(operation);
                versions.Add(new Judging.Version(
                    operation.Number, IsRequired: false, operation.IsGood, ContentOf(operation, range),
                    AtomLayout.For(range.OffsetBytes, range.LengthBytes, operation.Promise!), [range]));
            }
        }

        _operations = [.. operations];
        Judged = new JudgeCase(geometry.SizeBytes, geometry.Promise.BlockSizeBytes, first, image, versions);
    }

    /// <summary>Every version that may lie over a block; none is told to be required here, for that would hide what it
    /// supersedes, and the order that says so is what is asked for.</summary>
    public JudgeCase Judged { get; }

    public ClientOperation OperationOf(int version) => _operations[version];

    /// <summary>Whether all of it became visible at once.</summary>
    public bool IsOneStep(int version) => Judged.Versions[version].Live[0].LengthBytes <= _awunBytes;

    /// <summary>Whether a reply promised that it survives.</summary>
    public bool IsRequired(int version)
    {
        ClientOperation operation = _operations[version];
        return operation.IsGood && (operation.IsFua || !_hasCache || operation.AnsweredAt < (_newestFlush?.SentAt ?? -1));
    }

    /// <summary>Which reply, in words.</summary>
    public string WhyRequired(int version)
    {
        ClientOperation operation = _operations[version];
        return operation.IsFua ? "FUA, answered"
            : !_hasCache ? "answered with the cache off"
            : $"covered by {_flushes.First(f => operation.AnsweredAt < f.SentAt)}";
    }

    /// <summary>A request that is not block-aligned is one on the blocks that it touches; a trim one on those that it covers.</summary>
    private static Extent Rounded(ClientOperation operation, int block)
    {
        Extent range = operation.Range;
        long down = range.OffsetBytes / block * block;
        long up = (range.EndBytes + block - 1) / block * block;
        if (operation.Kind == StepKind.Trim)
        {
            down = (range.OffsetBytes + block - 1) / block * block;
            up = range.EndBytes / block * block;
        }

        return new Extent(down, Math.Max(0, up - down));
    }

    private static IVersionContent ContentOf(ClientOperation operation, Extent rounded)
    {
        bool isWrite = operation.Kind == StepKind.Write;
        return operation.Kind != StepKind.Trim && rounded != operation.Range ? new PartialContent(operation.Range, operation.Payload)
            : isWrite ? new PayloadContent(operation.Range.OffsetBytes, operation.Payload)
            : ZeroContent.Instance;
    }
}

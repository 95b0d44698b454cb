using System.Buffers;
using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>A negotiation over two exports, one for TLS only and one that is off, fed with bytes and read as text.</summary>
internal sealed class NegotiationBench : INbdExportCatalog
{
    public const uint BothFlags = 3;
    public const string DefaultFlags = "00000003";

    public static readonly NbdExport Disk = new()
    {
        Name = "disk0",
        SizeBytes = 1 << 20,
        Flags = NbdTransmissionFlags.HasFlags | NbdTransmissionFlags.SendFlush,
        BlockSizes = new NbdBlockSizes(1, 4096, 64 << 20),
        Description = "the first",
        MetaContexts = ["base:allocation", "x-blockemu:durability"],
    };

    private static readonly NbdExport Other = Disk with { Name = "other", SizeBytes = 512, Description = "" };

    private static readonly NbdExport Secret = Disk with { Name = "secret", IsTlsOnly = true };

    private readonly ArrayBufferWriter<byte> _replies = new();
    private readonly NbdServerNegotiation _negotiation;

    public NegotiationBench(NbdTlsMode tlsMode = NbdTlsMode.Off) =>
        _negotiation = new NbdServerNegotiation(this, _replies, tlsMode);

    public NbdNegotiationOutcome Outcome { get; private set; }

    public NbdDropReason DropReason => _negotiation.DropReason;

    public NbdSessionTerms? Terms => _negotiation.Terms;

    public string? ChosenName => _negotiation.Terms?.Export.Name;

    public bool IsShuttingDown
    {
        get => _negotiation.IsShuttingDown;
        set => _negotiation.IsShuttingDown = value;
    }

    /// <summary>The handshake has succeeded.</summary>
    public void EnterTls() => _negotiation.EnterTls();

    public int UnconsumedBytes { get; private set; }

    public byte[] Output => _replies.WrittenSpan.ToArray();

    /// <summary>The state of the export "off".</summary>
    public NbdExportState OffState { get; init; } = NbdExportState.ShutDown;

    public static byte[] Flags(uint flags)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, flags);
        return bytes;
    }

    public static byte[] Option(NbdOption option, ReadOnlySpan<byte> data = default) => Option((uint)option, data);

    public static byte[] Option(uint option, ReadOnlySpan<byte> data = default)
    {
        byte[] bytes = new byte[NbdOptionHeader.SizeBytes + data.Length];
        new NbdOptionHeader((NbdOption)option, (uint)data.Length).Write(bytes);
        data.CopyTo(bytes.AsSpan(NbdOptionHeader.SizeBytes));
        return bytes;
    }

    public static byte[] HeaderOnly(NbdOption option, uint lengthBytes)
    {
        byte[] bytes = new byte[NbdOptionHeader.SizeBytes];
        new NbdOptionHeader(option, lengthBytes).Write(bytes);
        return bytes;
    }

    public static byte[] Go(string name, params NbdInfoType[] types) =>
        Option(NbdOption.Go, NbdInfoRequest.Format(name, types));

    public static byte[] Info(string name, params NbdInfoType[] types) =>
        Option(NbdOption.Info, NbdInfoRequest.Format(name, types));

    public static byte[] ListContexts(string name, params string[] queries) =>
        Option(NbdOption.ListMetaContext, NbdMetaContextRequest.Format(name, queries));

    public static byte[] SetContexts(string name, params string[] queries) =>
        Option(NbdOption.SetMetaContext, NbdMetaContextRequest.Format(name, queries));

    /// <summary>Feeds all parts as one input, then stops at the first final outcome.</summary>
    public NegotiationBench Say(params byte[][] parts) => Feed([.. parts.SelectMany(p => p)]);

    public NegotiationBench Feed(ReadOnlySpan<byte> input)
    {
        do
        {
            Outcome = _negotiation.Feed(input, out int consumedBytes);
            input = input[consumedBytes..];
        }
        while (Outcome == NbdNegotiationOutcome.NeedMore && !input.IsEmpty);
        UnconsumedBytes = input.Length;
        return this;
    }

    /// <summary>The option replies as "option:type[hex of the first bytes, text for errors left out]".</summary>
    public IReadOnlyList<string> Replies()
    {
        List<string> replies = [];
        ReadOnlySpan<byte> output = _replies.WrittenSpan;
        while (!output.IsEmpty)
        {
            Assert.True(NbdOptionReplyHeader.TryRead(output, out NbdOptionReplyHeader header));
            ReadOnlySpan<byte> data = output.Slice(NbdOptionReplyHeader.SizeBytes, (int)header.LengthBytes);
            replies.Add(header.IsError || data.IsEmpty
                ? $"{(uint)header.Option}:{header.Type}"
                : $"{(uint)header.Option}:{header.Type}:{Convert.ToHexString(data)}");
            output = output[(NbdOptionReplyHeader.SizeBytes + data.Length)..];
        }

        return replies;
    }

    IEnumerable<NbdExport> INbdExportCatalog.List() => [Disk, Other, Secret];

    NbdExportState INbdExportCatalog.Find(string name, out NbdExport? export)
    {
        export = name switch
        {
            "" or "disk0" => Disk,
            "other" => Other,
            "secret" or "secret-off" => Secret,
            _ => null,
        };
        return name is "off" or "secret-off" ? OffState : export is not null ? NbdExportState.Ready : NbdExportState.Unknown;
    }
}

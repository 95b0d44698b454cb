using System.Buffers.Binary;
using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The client's side of fixed newstyle negotiation, blocking.</summary>
public sealed class NbdClientHaggling
{
    private static readonly NbdInfoType[] EveryFact =
        [NbdInfoType.Export, NbdInfoType.Name, NbdInfoType.Description, NbdInfoType.BlockSize];

    private readonly Stream _stream;
    private readonly NbdClientFlags _flags;

    internal NbdClientHaggling(Stream stream, NbdClientFlags flags)
    {
        _stream = stream;
        _flags = flags;
        if (!NbdGreeting.TryRead(ReadBytes(NbdGreeting.SizeBytes), out NbdGreeting greeting))
        {
            throw new InvalidDataException("this is no newstyle NBD server");
        }

        Greeting = greeting;
        Span<byte> answer = stackalloc byte[NbdGreeting.ClientFlagsSizeBytes];
        BinaryPrimitives.WriteUInt32BigEndian(answer, (uint)flags);
        stream.Write(answer);
    }

    /// <summary>What the server opened with.</summary>
    public NbdGreeting Greeting { get; }

    /// <summary>Sends any option and returns its replies up to the final one.</summary>
    public IReadOnlyList<NbdOptionReply> Ask(NbdOption option, ReadOnlySpan<byte> data = default)
    {
        SendOption(option, data);
        List<NbdOptionReply> replies = [];
        do
        {
            replies.Add(ReadReply(option));
        }
        while (!replies[^1].IsFinal);
        return replies;
    }

    /// <summary>Sends any option and reads nothing.</summary>
    public void SendOption(NbdOption option, ReadOnlySpan<byte> data = default)
    {
        byte[] request = new byte[NbdOptionHeader.SizeBytes + data.Length];
        new NbdOptionHeader(option, (uint)data.Length).Write(request);
        data.CopyTo(request.AsSpan(NbdOptionHeader.SizeBytes));
        _stream.Write(request);
    }

    /// <summary>Reads one reply, which must be to this option.</summary>
    public NbdOptionReply ReadReply(NbdOption option)
    {
        if (!NbdOptionReplyHeader.TryRead(ReadBytes(NbdOptionReplyHeader.SizeBytes), out NbdOptionReplyHeader header))
        {
            throw new InvalidDataException("an option reply does not start with its magic");
        }

        if (header.Option != option || header.LengthBytes > NbdLimits.MaxDrainedOptionBytes)
        {
            throw new InvalidDataException($"{option} was asked, and {header} came");
        }

        return new NbdOptionReply(header.Type, ReadBytes((int)header.LengthBytes));
    }

    /// <summary>Sends an option without data that must be acknowledged.</summary>
    internal void Demand(NbdOption option) => ThrowIfRefused(option, Ask(option)[^1]);

    internal IReadOnlyList<NbdMetaContext> AskForContexts(NbdOption option, string name, ReadOnlySpan<string> queries)
    {
        IReadOnlyList<NbdOptionReply> replies = Ask(option, NbdMetaContextRequest.Format(name, queries));
        ThrowIfRefused(option, replies[^1]);
        return
        [
            .. replies.SkipLast(1).Select(r => new NbdMetaContext(
                BinaryPrimitives.ReadUInt32BigEndian(r.Data), Encoding.UTF8.GetString(r.Data.AsSpan(4)))),
        ];
    }

    internal NbdExport Describe(NbdOption option, string name, ReadOnlySpan<NbdInfoType> types)
    {
        IReadOnlyList<NbdOptionReply> replies =
            Ask(option, NbdInfoRequest.Format(name, types.IsEmpty ? EveryFact : types));
        ThrowIfRefused(option, replies[^1]);
        var export = new NbdExport { Name = name, SizeBytes = 0, Flags = NbdTransmissionFlags.None };
        foreach (NbdOptionReply reply in replies.Where(r => r.Type == NbdOptionReplyType.Info))
        {
            ReadOnlySpan<byte> fact = reply.Data.AsSpan(2);
            export = (NbdInfoType)BinaryPrimitives.ReadUInt16BigEndian(reply.Data) switch
            {
                NbdInfoType.Export => WithInfo(export, NbdExportInfo.Read(fact)),
                NbdInfoType.Name => export with { Name = Encoding.UTF8.GetString(fact) },
                NbdInfoType.Description => export with { Description = Encoding.UTF8.GetString(fact) },
                NbdInfoType.BlockSize => export with { BlockSizes = NbdBlockSizes.Read(fact) },
                _ => export,
            };
        }

        return export;
    }

    internal NbdExport ExportName(string name)
    {
        SendOption(NbdOption.ExportName, NbdText.GetBytes(name));
        bool isShort = _flags.HasFlag(NbdClientFlags.NoZeroes) && Greeting.Flags.HasFlag(NbdHandshakeFlags.NoZeroes);
        byte[] reply = ReadBytes(NbdExportInfo.WireSizeBytes + (isShort ? 0 : NbdExportInfo.ExportNamePaddingBytes));
        return WithInfo(
            new NbdExport { Name = name, SizeBytes = 0, Flags = NbdTransmissionFlags.None }, NbdExportInfo.Read(reply));
    }

    internal IReadOnlyList<(string Name, string Description)> List()
    {
        IReadOnlyList<NbdOptionReply> replies = Ask(NbdOption.List);
        ThrowIfRefused(NbdOption.List, replies[^1]);
        return [.. replies.SkipLast(1).Select(ReadServer)];
    }

    private static (string Name, string Description) ReadServer(NbdOptionReply reply)
    {
        int nameLength = (int)BinaryPrimitives.ReadUInt32BigEndian(reply.Data);
        return (Encoding.UTF8.GetString(reply.Data, 4, nameLength), Encoding.UTF8.GetString(reply.Data.AsSpan(4 + nameLength)));
    }

    private static NbdExport WithInfo(NbdExport export, NbdExportInfo info) =>
        export with { SizeBytes = checked((long)info.SizeBytes), Flags = info.Flags };

    private static void ThrowIfRefused(NbdOption option, NbdOptionReply final)
    {
        if (final.IsError)
        {
            throw new NbdNegotiationException(option, final.Type, Encoding.UTF8.GetString(final.Data));
        }
    }

    private byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        return bytes;
    }
}

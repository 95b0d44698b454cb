using System.Buffers.Binary;
using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The client's side of fixed newstyle negotiation, blocking.</summary>
/// <remarks>A server that breaks a rule of the protocol ends it: <see cref="InvalidDataException"/>.</remarks>
public sealed class NbdClientHaggling
{
    /// <summary>To one option; a LIST of more exports is none that anybody reads.</summary>
    private const int MaxReplies = 1 << 16;

    /// <summary>To one option, all replies together.</summary>
    private const int MaxReplyBytes = 64 << 20;

    private const int NumberBytes = sizeof(uint);

    private static readonly NbdInfoType[] EveryFact =
        [NbdInfoType.Export, NbdInfoType.Name, NbdInfoType.Description, NbdInfoType.BlockSize];

    private Stream _stream;
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
        long totalBytes = 0;
        do
        {
            Demand(replies.Count < MaxReplies && totalBytes <= MaxReplyBytes, "an option has no end of replies");
            replies.Add(ReadReply(option));
            totalBytes += replies[^1].Data.Length;
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

    /// <summary>TLS has begun; the options that follow go through it, and there is no second greeting.</summary>
    internal void GoOnOver(Stream secured) => _stream = secured;

    /// <summary>Sends an option without data that must be acknowledged.</summary>
    internal void Demand(NbdOption option) => ThrowIfRefused(option, Ask(option)[^1]);

    internal IReadOnlyList<NbdMetaContext> AskForContexts(NbdOption option, string name, ReadOnlySpan<string> queries)
    {
        IReadOnlyList<NbdOptionReply> replies = Ask(option, NbdMetaContextRequest.Format(name, queries));
        ThrowIfRefused(option, replies[^1]);
        return [.. replies.SkipLast(1).Select(ReadContext)];
    }

    internal NbdExport Describe(NbdOption option, string name, ReadOnlySpan<NbdInfoType> types)
    {
        IReadOnlyList<NbdOptionReply> replies =
            Ask(option, NbdInfoRequest.Format(name, types.IsEmpty ? EveryFact : types));
        ThrowIfRefused(option, replies[^1]);
        var export = new NbdExport { Name = name, SizeBytes = 0, Flags = NbdTransmissionFlags.None };
        foreach (NbdOptionReply reply in replies.Where(r => r.Type == NbdOptionReplyType.Info))
        {
            export = WithFact(export, reply.Data);
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
        uint nameLength = ReadFirstNumber(reply);
        Demand(nameLength <= (uint)(reply.Data.Length - NumberBytes), "an export's name is longer than its reply");
        int nameEnd = NumberBytes + (int)nameLength;
        return (Encoding.UTF8.GetString(reply.Data, NumberBytes, (int)nameLength), Encoding.UTF8.GetString(reply.Data.AsSpan(nameEnd)));
    }

    private static NbdMetaContext ReadContext(NbdOptionReply reply) =>
        new(ReadFirstNumber(reply), Encoding.UTF8.GetString(reply.Data.AsSpan(NumberBytes)));

    private static uint ReadFirstNumber(NbdOptionReply reply)
    {
        Demand(reply.Data.Length >= NumberBytes, $"a reply of type {reply.Type} is too short");
        return BinaryPrimitives.ReadUInt32BigEndian(reply.Data);
    }

    /// <summary>The export as one INFO reply describes it further.</summary>
    private static NbdExport WithFact(NbdExport export, ReadOnlySpan<byte> data)
    {
        Demand(data.Length >= sizeof(ushort), "a fact has no type");
        ReadOnlySpan<byte> fact = data[sizeof(ushort)..];
        var type = (NbdInfoType)BinaryPrimitives.ReadUInt16BigEndian(data);
        Demand(type != NbdInfoType.Export || fact.Length == NbdExportInfo.WireSizeBytes, "size and flags have a wrong length");
        Demand(type != NbdInfoType.BlockSize || fact.Length == NbdBlockSizes.WireSizeBytes, "block sizes have a wrong length");
        return type switch
        {
            NbdInfoType.Export => WithInfo(export, NbdExportInfo.Read(fact)),
            NbdInfoType.Name => export with { Name = Encoding.UTF8.GetString(fact) },
            NbdInfoType.Description => export with { Description = Encoding.UTF8.GetString(fact) },
            NbdInfoType.BlockSize => export with { BlockSizes = NbdBlockSizes.Read(fact) },
            _ => export,
        };
    }

    private static NbdExport WithInfo(NbdExport export, NbdExportInfo info)
    {
        Demand(info.SizeBytes <= long.MaxValue, "an export has 2^63 bytes or more");
        return export with { SizeBytes = (long)info.SizeBytes, Flags = info.Flags };
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }

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

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>Writes what a server answers while haggling.</summary>
internal static class NbdOptionReplies
{
    public static void Acknowledge(IBufferWriter<byte> output, NbdOption option) =>
        Write(output, option, NbdOptionReplyType.Ack, []);

    /// <summary>An error with a sentence for people.</summary>
    public static void Refuse(IBufferWriter<byte> output, NbdOption option, NbdOptionReplyType error, string why) =>
        Write(output, option, error, Encoding.UTF8.GetBytes(why));

    /// <summary><c>NBD_REP_SERVER</c>: u32 length of the name, name, description.</summary>
    public static void Server(IBufferWriter<byte> output, NbdOption option, NbdExport export)
    {
        byte[] name = NbdText.GetBytes(export.Name);
        byte[] description = NbdText.GetBytes(export.Description);
        byte[] data = new byte[4 + name.Length + description.Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)name.Length);
        name.CopyTo(data, 4);
        description.CopyTo(data, 4 + name.Length);
        Write(output, option, NbdOptionReplyType.Server, data);
    }

    /// <summary><c>NBD_REP_INFO</c> for INFO and GO: the export's size and flags, and what was asked for besides.</summary>
    public static void Describe(IBufferWriter<byte> output, NbdOption option, in NbdInfoRequest request, NbdExport export)
    {
        Span<byte> fact = stackalloc byte[NbdBlockSizes.WireSizeBytes];
        export.Info.Write(fact);
        Info(output, option, NbdInfoType.Export, fact[..NbdExportInfo.WireSizeBytes]);
        if (request.Wants(NbdInfoType.Name))
        {
            Info(output, option, NbdInfoType.Name, NbdText.GetBytes(export.Name));
        }

        if (request.Wants(NbdInfoType.Description) && export.Description.Length > 0)
        {
            Info(output, option, NbdInfoType.Description, NbdText.GetBytes(export.Description));
        }

        if (request.Wants(NbdInfoType.BlockSize))
        {
            export.BlockSizes.Write(fact);
            Info(output, option, NbdInfoType.BlockSize, fact);
        }
    }

    /// <summary><c>NBD_REP_META_CONTEXT</c>: u32 id, name.</summary>
    public static void MetaContext(IBufferWriter<byte> output, NbdOption option, NbdMetaContext context)
    {
        byte[] name = NbdText.GetBytes(context.Name);
        byte[] data = new byte[4 + name.Length];
        BinaryPrimitives.WriteUInt32BigEndian(data, context.Id);
        name.CopyTo(data, 4);
        Write(output, option, NbdOptionReplyType.MetaContext, data);
    }

    private static void Info(IBufferWriter<byte> output, NbdOption option, NbdInfoType type, ReadOnlySpan<byte> fact)
    {
        byte[] data = new byte[2 + fact.Length];
        BinaryPrimitives.WriteUInt16BigEndian(data, (ushort)type);
        fact.CopyTo(data.AsSpan(2));
        Write(output, option, NbdOptionReplyType.Info, data);
    }

    private static void Write(
        IBufferWriter<byte> output, NbdOption option, NbdOptionReplyType type, ReadOnlySpan<byte> data)
    {
        int sizeBytes = NbdOptionReplyHeader.SizeBytes + data.Length;
        Span<byte> destination = output.GetSpan(sizeBytes);
        new NbdOptionReplyHeader(option, type, (uint)data.Length).Write(destination);
        data.CopyTo(destination[NbdOptionReplyHeader.SizeBytes..]);
        output.Advance(sizeBytes);
    }
}

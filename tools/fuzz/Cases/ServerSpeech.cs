using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Draws what a server might send to each plan of a client, well formed.</summary>
internal sealed class ServerSpeech(Chance chance)
{
    private static readonly CaseKind[] s_kinds = [.. Enum.GetValues<CaseKind>().Where(static k => !k.IsToServer())];

    private readonly List<IReadOnlyList<CaseField>> _messages = [Wire.Greeting()];

    public FuzzCase Draw()
    {
        CaseKind kind = chance.Pick<CaseKind>(s_kinds);
        switch (kind)
        {
            case CaseKind.ClientList:
                SayList();
                break;
            case CaseKind.ClientExportName:
                SayExport(NbdOption.Info);
                _messages.Add([CaseField.U64(1 << 20), CaseField.U16(0x1ed)]);
                break;
            case CaseKind.ClientContexts:
                Acknowledge(NbdOption.StructuredReply);
                SayContexts(NbdOption.ListMetaContext);
                SayContexts(NbdOption.SetMetaContext);
                break;
            case CaseKind.ClientSimple:
                SayExport(NbdOption.Go);
                SaySimpleReplies();
                break;
            default:
                bool isExtended = kind == CaseKind.ClientExtended;
                Acknowledge(isExtended ? NbdOption.ExtendedHeaders : NbdOption.StructuredReply);
                SayContexts(NbdOption.SetMetaContext);
                SayExport(NbdOption.Go);
                SayChunks(isExtended);
                break;
        }

        return new FuzzCase(kind, _messages);
    }

    private void SayList()
    {
        for (int left = chance.Below(4); left > 0; left--)
        {
            _messages.Add(Wire.OptionReply(
                NbdOption.List, NbdOptionReplyType.Server, CaseField.U32(5), CaseField.Text("disk0"u8), CaseField.Text("for people"u8)));
        }

        Acknowledge(NbdOption.List);
    }

    private void SayExport(NbdOption option)
    {
        Info(option, NbdInfoType.Export, CaseField.U64(1 << 20), CaseField.U16(0x5ed));
        Info(option, NbdInfoType.Name, CaseField.Text("disk0"u8));
        Info(option, NbdInfoType.Description, CaseField.Text("for people"u8));
        Info(option, NbdInfoType.BlockSize, CaseField.U32(1), CaseField.U32(4096), CaseField.U32(32 << 20));
        Acknowledge(option);
    }

    private void SayContexts(NbdOption option)
    {
        _messages.Add(Wire.OptionReply(option, NbdOptionReplyType.MetaContext, CaseField.U32(1), CaseField.Text("base:allocation"u8)));
        Acknowledge(option);
    }

    private void SaySimpleReplies()
    {
        // The plan's requests, by cookie: READ of 4096, WRITE, FLUSH.
        CaseField[][] replies =
        [
            [.. Wire.SimpleReply(0, 1), new CaseField(new byte[4096])],
            Wire.SimpleReply(chance.OneIn(3) ? 28UL : 0, 2),
            Wire.SimpleReply(0, 3),
        ];
        AddShuffled(replies);
    }

    private void SayChunks(bool isExtended)
    {
        // READ of 4096 at 8192, BLOCK_STATUS of 64 KiB at 0, WRITE at 0, READ with DF of 512 at 0.
        CaseField[][] replies =
        [
            Wire.Chunk(isExtended, 0, NbdChunkType.OffsetData, 1, 8192, CaseField.U64(8192), new CaseField(new byte[1024])),
            Wire.Chunk(isExtended, 0, NbdChunkType.OffsetHole, 1, 8192, CaseField.U64(9216), CaseField.U32(3072)),
            isExtended
                ? Wire.Chunk(
                    true, 1, (NbdChunkType)6, 2, 0, CaseField.U32(1), CaseField.U32(2),
                    CaseField.U64(4096), CaseField.U64(0), CaseField.U64(61440), CaseField.U64(3))
                : Wire.Chunk(
                    false, 1, NbdChunkType.BlockStatus, 2, 0, CaseField.U32(1),
                    CaseField.U32(4096), CaseField.U32(0), CaseField.U32(61440), CaseField.U32(3)),
            chance.OneIn(2)
                ? Wire.Chunk(isExtended, 1, NbdChunkType.None, 3, 0)
                : Wire.Chunk(isExtended, 1, NbdChunkType.ErrorOffset, 3, 0, CaseField.U32(5), CaseField.U16(3), CaseField.Text("why"u8), CaseField.U64(100)),
            Wire.Chunk(isExtended, 1, NbdChunkType.OffsetData, 4, 0, CaseField.U64(0), new CaseField(new byte[512])),
        ];
        AddShuffled(replies);
        _messages.Add(Wire.Chunk(isExtended, 1, NbdChunkType.None, 1, 8192));
    }

    private void AddShuffled(CaseField[][] replies)
    {
        for (int left = replies.Length; left > 1; left--)
        {
            int other = chance.Below(left);
            (replies[left - 1], replies[other]) = (replies[other], replies[left - 1]);
        }

        _messages.AddRange(replies);
    }

    private void Info(NbdOption option, NbdInfoType type, params ReadOnlySpan<CaseField> fact) =>
        _messages.Add(Wire.OptionReply(option, NbdOptionReplyType.Info, [CaseField.U16((ushort)type), .. fact]));

    private void Acknowledge(NbdOption option) => _messages.Add(Wire.OptionReply(option, NbdOptionReplyType.Ack));
}

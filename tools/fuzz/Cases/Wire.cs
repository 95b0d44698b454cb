using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Messages with their fields kept apart.</summary>
internal static class Wire
{
    // Numbers of its own where the protocol is the thing under test.
    public const ulong ExtendedRequestMagic = 0x21e4_1c71;
    public const ulong ExtendedReplyMagic = 0x6e8a_278c;

    public static CaseField[] Option(ulong option, params ReadOnlySpan<CaseField> data) =>
        [CaseField.U64(NbdMagic.Option), CaseField.U32(option), CaseField.U32(SizeOf(data)), .. data];

    public static CaseField[] OptionReply(NbdOption option, NbdOptionReplyType type, params ReadOnlySpan<CaseField> data) =>
        [CaseField.U64(NbdMagic.OptionReply), CaseField.U32((uint)option), CaseField.U32((uint)type), CaseField.U32(SizeOf(data)), .. data];

    public static CaseField[] Greeting() =>
        [CaseField.U64(NbdMagic.Init), CaseField.U64(NbdMagic.Option), CaseField.U16(3)];

    public static CaseField[] Request(bool isExtended, ulong flags, ulong command, ulong cookie, ulong offset, ulong length) =>
    [
        CaseField.U32(isExtended ? ExtendedRequestMagic : NbdMagic.Request), CaseField.U16(flags), CaseField.U16(command),
        CaseField.U64(cookie), CaseField.U64(offset), isExtended ? CaseField.U64(length) : CaseField.U32(length),
    ];

    public static CaseField[] SimpleReply(ulong error, ulong cookie) =>
        [CaseField.U32(NbdMagic.SimpleReply), CaseField.U32(error), CaseField.U64(cookie)];

    /// <summary>A chunk of a structured reply, or of an extended one.</summary>
    public static CaseField[] Chunk(
        bool isExtended, ulong flags, NbdChunkType type, ulong cookie, ulong requestOffset, params ReadOnlySpan<CaseField> payload) =>
        isExtended
            ?
            [
                CaseField.U32(ExtendedReplyMagic), CaseField.U16(flags), CaseField.U16((ushort)type), CaseField.U64(cookie),
                CaseField.U64(requestOffset), CaseField.U64(SizeOf(payload)), .. payload,
            ]
            :
            [
                CaseField.U32(NbdMagic.StructuredReply), CaseField.U16(flags), CaseField.U16((ushort)type), CaseField.U64(cookie),
                CaseField.U32(SizeOf(payload)), .. payload,
            ];

    private static uint SizeOf(ReadOnlySpan<CaseField> data)
    {
        uint size = 0;
        foreach (CaseField field in data)
        {
            size += (uint)field.Bytes.Length;
        }

        return size;
    }
}

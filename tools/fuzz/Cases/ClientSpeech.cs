using System.Text;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Draws what a client might send, well formed: options in any order, then requests.</summary>
internal sealed class ClientSpeech(Chance chance)
{
    private const int MaxOptions = 8;
    private const int MaxRequests = 12;

    private static readonly string[] s_names =
    [
        "disk0", "", "ro", "grid", "secret", "secret-off", "off", "silent", "reset", "nope", "disk0\0", "dïsk",
        new string('n', 255), new string('n', 256), new string('n', 4096), new string('n', 4097),
    ];

    private static readonly string[] s_queries =
        ["base:allocation", "base:", "x-blockemu:durability", "x-blockemu:", "qemu:dirty-bitmap:b", "", ":", "base:allocation\0", new string('q', 4097)];

    private static readonly ulong[] s_offsets =
        [0, 1, 511, 512, 4096, (1 << 20) - 512, 1 << 20, (1 << 20) + 1, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue - 511, ulong.MaxValue];

    private static readonly ulong[] s_lengths =
        [0, 1, 512, 4096, 65536, 1 << 20, 32 << 20, (64 << 20) + 1, (128 << 20) + 1, uint.MaxValue - 511, uint.MaxValue, 1UL << 32, ulong.MaxValue];

    private readonly List<IReadOnlyList<CaseField>> _messages = [];
    private bool _isExtended;

    public FuzzCase Draw()
    {
        CaseKind kind = chance.OneIn(2) ? CaseKind.Server : chance.Pick<CaseKind>(CaseKinds.ToServer);
        _messages.Add([CaseField.U32(chance.OneIn(8) ? (ulong)chance.Below(8) : 3)]);
        if (kind != CaseKind.Server && chance.OneIn(2))
        {
            _messages.Add(Wire.Option((uint)NbdOption.StartTls));
        }

        for (int left = chance.Below(MaxOptions); left > 0; left--)
        {
            _messages.Add(DrawOption());
        }

        _messages.Add(chance.OneIn(4) ? Wire.Option((uint)NbdOption.ExportName, Text("disk0")) : NamedInfo(NbdOption.Go, "disk0"));
        for (int left = chance.Below(MaxRequests); left > 0; left--)
        {
            DrawRequest();
        }

        return new FuzzCase(kind, _messages);
    }

    private CaseField[] DrawOption()
    {
        switch (chance.Below(10))
        {
            case 0:
                return Wire.Option((uint)NbdOption.List);
            case 1:
                return Wire.Option((uint)NbdOption.StartTls);
            case 2 or 3:
                return Wire.Option((uint)NbdOption.StructuredReply);
            case 4:
                _isExtended = true;
                return Wire.Option((uint)NbdOption.ExtendedHeaders);
            case 5 or 6:
                return Contexts(chance.OneIn(2) ? NbdOption.ListMetaContext : NbdOption.SetMetaContext);
            case 7:
                return Wire.Option((uint)chance.AnySize(), new CaseField(chance.Bytes(chance.Below(100))));
            case 8:
                return NamedInfo(NbdOption.Go, chance.Pick<string>(s_names));
            default:
                return NamedInfo(NbdOption.Info, chance.Pick<string>(s_names));
        }
    }

    private CaseField[] NamedInfo(NbdOption option, string name)
    {
        CaseField nameField = Text(name);
        int count = chance.OneIn(20) ? 1000 : chance.Below(5);
        CaseField[] types = new CaseField[count];
        for (int i = 0; i < count; i++)
        {
            types[i] = CaseField.U16((ulong)chance.Below(6));
        }

        return Wire.Option((uint)option, [CaseField.U32((uint)nameField.Bytes.Length), nameField, CaseField.U16((uint)count), .. types]);
    }

    private CaseField[] Contexts(NbdOption option)
    {
        CaseField name = Text(chance.OneIn(3) ? chance.Pick<string>(s_names) : "disk0");
        List<CaseField> data = [CaseField.U32((uint)name.Bytes.Length), name];
        int count = chance.OneIn(30) ? 1025 : chance.Below(5);
        data.Add(CaseField.U32((uint)count));
        for (int i = 0; i < count; i++)
        {
            CaseField query = Text(count > 5 ? "" : chance.Pick<string>(s_queries));
            data.Add(CaseField.U32((uint)query.Bytes.Length));
            data.Add(query);
        }

        return Wire.Option((uint)option, [.. data]);
    }

    private void DrawRequest()
    {
        ulong command = chance.OneIn(10) ? chance.AnySize() & 0xffff : (ulong)chance.Below(9);
        ulong flags = chance.OneIn(3) ? chance.AnySize() & 0xffff : chance.OneIn(2) ? 1UL : 0;
        bool isWrite = command == (ulong)NbdCommand.Write;
        ulong length = isWrite ? (ulong)chance.Below(9) * 512 : chance.Pick<ulong>(s_lengths);
        if (isWrite && _isExtended && !chance.OneIn(4))
        {
            flags |= (ulong)NbdCommandFlags.PayloadLength;
        }

        CaseField[] request = Wire.Request(_isExtended, flags, command, chance.AnySize(), chance.Pick<ulong>(s_offsets), length);
        _messages.Add(isWrite ? [.. request, new CaseField(chance.Bytes((int)length))] : request);
    }

    private static CaseField Text(string text) => CaseField.Text(Encoding.UTF8.GetBytes(text));
}

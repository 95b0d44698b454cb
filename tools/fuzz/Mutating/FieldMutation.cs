using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Mutating;

/// <summary>Changes a case where its fields are: one number to its edges, one text, the order of messages.</summary>
internal sealed class FieldMutation(FuzzCase original, Chance chance)
{
    private const int MaxMessages = 64;

    private static readonly ulong[] s_edges =
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0x80, 0xff, 0x100, 511, 512, 513, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff, 0x10000,
        1 << 20, (1 << 20) + 1, 32 << 20, 64 << 20, (64 << 20) + 1, 128 << 20, (128 << 20) + 1,
        0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fe00, 0xffff_fffc, 0xffff_ffff, 0x1_0000_0000,
        0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_fe00, 0xffff_ffff_ffff_ffff,
    ];

    private readonly List<List<CaseField>> _messages = [.. original.Messages.Select(static m => m.ToList())];

    public FuzzCase Result => original with { Messages = [.. _messages] };

    public void Step()
    {
        if (_messages.Count == 0)
        {
            return;
        }

        int at = chance.Below(_messages.Count);
        switch (chance.Below(12))
        {
            case 0 when _messages.Count < MaxMessages:
                _messages.Insert(at, [.. _messages[chance.Below(_messages.Count)]]);
                break;
            case 1:
                _messages.RemoveAt(at);
                break;
            case 2:
                int other = chance.Below(_messages.Count);
                (_messages[at], _messages[other]) = (_messages[other], _messages[at]);
                break;
            case 3 when _messages[at].Count > 0:
                _messages[at].RemoveAt(chance.Below(_messages[at].Count));
                break;
            default:
                ChangeField(_messages[at]);
                break;
        }
    }

    private void ChangeField(List<CaseField> message)
    {
        if (message.Count == 0)
        {
            return;
        }

        int at = chance.Below(message.Count);
        CaseField field = message[at];
        message[at] = field.IsNumber ? field.With(ChangeNumber(field.ToNumber()))
            : field.IsText ? CaseField.Text(ChangeText(field.Bytes))
            : new CaseField(field.Bytes[..chance.Below(field.Bytes.Length + 1)]);
    }

    private ulong ChangeNumber(ulong value) => chance.Below(6) switch
    {
        0 => value + 1,
        1 => value - 1,
        2 => value ^ (1UL << chance.Below(64)),
        3 => chance.AnySize(),
        _ => chance.Pick<ulong>(s_edges),
    };

    private byte[] ChangeText(byte[] text) => chance.Below(5) switch
    {
        0 => [],
        1 => [.. text, 0],
        2 => [.. text, 0xc3, 0x28],
        3 => [.. Enumerable.Repeat((byte)'x', 4090 + chance.Below(16))],
        _ => text[..chance.Below(text.Length + 1)],
    };
}

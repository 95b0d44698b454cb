using System.Text;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Reads <c>--disk</c>: <c>key=value,key=value,flag</c>. A value that starts with a double quote runs to the
/// closing one and may hold commas; a doubled quote inside stands for one: <c>description="a, ""b"""</c>.</summary>
internal static class DiskSpecText
{
    public static DiskSpec? Parse(string text, string? defaultName, out IReadOnlyList<Fault> faults)
    {
        DiskDraft draft = new(defaultName);
        int position = 0;
        while (position < text.Length)
        {
            int end = text.AsSpan(position).IndexOfAny('=', ',');
            end = end < 0 ? text.Length : position + end;
            string key = text[position..end];
            string value = "";
            position = end;
            if (position < text.Length && text[position] == '=')
            {
                position++;
                if (!TryReadValue(text, key, ref position, out value))
                {
                    draft.AddFault(key, "its quoted value must end with a double quote and then a comma");
                    break;
                }
            }
            else if (key is not ("readonly" or "rotational" or "tls"))
            {
                draft.AddFault(key, DiskKeys.Find(key) is null ? $"unknown; a disk has {DiskKeys.AllNames}" : $"needs a value: {key}=...");
                position++;
                continue;
            }

            draft.Set(key, value);
            position++;
        }

        DiskSpec? spec = draft.Build();
        faults = draft.Faults;
        return spec;
    }

    private static bool TryReadValue(string text, string key, ref int position, out string value)
    {
        if (position < text.Length && text[position] == '"')
        {
            return TryReadQuoted(text, ref position, out value);
        }

        int comma = text.IndexOf(',', position);
        int end = key == "nvme-hosts" ? NvmeHostList.FindEnd(text, position) : comma < 0 ? text.Length : comma;
        value = text[position..end];
        position = end;
        return true;
    }

    private static bool TryReadQuoted(string text, ref int position, out string value)
    {
        StringBuilder builder = new();
        for (position++; position < text.Length; position++)
        {
            if (text[position] != '"')
            {
                builder.Append(text[position]);
            }
            else if (position + 1 < text.Length && text[position + 1] == '"')
            {
                builder.Append('"');
                position++;
            }
            else
            {
                position++;
                value = builder.ToString();
                return position == text.Length || text[position] == ',';
            }
        }

        value = "";
        return false;
    }
}

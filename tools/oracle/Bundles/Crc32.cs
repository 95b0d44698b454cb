namespace BlockEmu.Oracle.Bundles;

/// <summary>ZIP's CRC-32 (reflected polynomial 0xEDB88320): the base class library's reader does not check it.</summary>
internal sealed class Crc32
{
    private static readonly uint[] _table = MakeTable();
    private uint _state = 0xFFFFFFFF;

    public uint Value => ~_state;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        uint state = _state;
        foreach (byte b in bytes)
        {
            state = _table[(byte)(state ^ b)] ^ (state >> 8);
        }

        _state = state;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) * 0xEDB88320);
            }

            table[i] = value;
        }

        return table;
    }
}

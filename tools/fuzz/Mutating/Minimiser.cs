namespace BlockEmu.Fuzz.Mutating;

/// <summary>Makes a case smaller as long as it still shows its fault.</summary>
public static class Minimiser
{
    private const int MaxTries = 4000;

    /// <summary>Removes pieces, the large ones first, then turns into zero what can be.</summary>
    public static byte[] Minimise(byte[] bytes, Func<byte[], bool> stillFails)
    {
        int tries = 0;
        for (int piece = Math.Max(1, bytes.Length / 2); piece > 0; piece /= 2)
        {
            int at = 0;
            while (at < bytes.Length && tries < MaxTries)
            {
                byte[] shorter = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(at + piece, bytes.Length))];
                tries++;
                if (stillFails(shorter))
                {
                    bytes = shorter;
                }
                else
                {
                    at += piece;
                }
            }
        }

        for (int at = 0; at < bytes.Length && tries < MaxTries; at++)
        {
            byte[] plainer = [.. bytes];
            plainer[at] = 0;
            tries++;
            if (bytes[at] != 0 && stillFails(plainer))
            {
                bytes = plainer;
            }
        }

        return bytes;
    }
}

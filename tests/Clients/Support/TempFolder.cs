using BlockEmu.Device.Randomness;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>A folder for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("blockemu-clients-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>An image of data between holes, the last one at its end, so that a copy has all of it to get right.</summary>
    public string WriteHoley(string name, int lengthBytes, ulong seed)
    {
        const int PieceBytes = 192 << 10;
        SplitMix64 chance = new(seed);
        byte[] piece = new byte[PieceBytes];
        using FileStream file = new(File(name), FileMode.CreateNew);
        file.SetLength(lengthBytes);
        for (long offset = 4096; offset + PieceBytes < lengthBytes - (1 << 20); offset += PieceBytes + (long)chance.NextBelow(600_000))
        {
            FillRandom(piece, chance.Next());
            file.Position = offset;
            file.Write(piece);
        }

        return File(name);
    }

    /// <summary>Bytes that a seed names.</summary>
    public static void FillRandom(Span<byte> destination, ulong seed)
    {
        SplitMix64 chance = new(seed);
        while (destination.Length >= sizeof(ulong))
        {
            BitConverter.TryWriteBytes(destination, chance.Next());
            destination = destination[sizeof(ulong)..];
        }

        ulong last = chance.Next();
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (byte)(last >> (8 * i));
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace BlockEmu.Server.Nvme;

/// <summary>The names of a disk over NVMe, all drawn from the name it has here: the same after every start.</summary>
internal sealed class NvmeIdentity
{
    /// <summary>What the names of our subsystems begin with.</summary>
    public const string NqnPrefix = "nqn.2026-11.io.blockemu:";

    private const int MaxPlainChars = 190;

    /// <summary>Of the disk with this name.</summary>
    public NvmeIdentity(string diskName)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(NqnPrefix + diskName), hash);

        // RFC 9562, version 8: the layout is ours, the version and the variant are the standard's.
        Span<byte> id = hash[..16];
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        Uuid = new Guid(id, bigEndian: true);
        Nguid = BinaryPrimitives.ReadUInt128BigEndian(hash[16..]);
        SerialNumber = Convert.ToHexString(hash[..10]);
        Nqn = NqnPrefix + (IsPlain(diskName) ? diskName : $"uuid:{Uuid:D}");
    }

    /// <summary>SUBNQN: <see cref="NqnPrefix"/> and the disk's name; a name that is long, or has other characters than letters,
    /// digits, '.', '-' and '_', is replaced by <c>uuid:</c> and the UUID.</summary>
    public string Nqn { get; }

    public Guid Uuid { get; }

    public UInt128 Nguid { get; }

    /// <summary>SN, 20 characters.</summary>
    public string SerialNumber { get; }

    private static bool IsPlain(string name) =>
        name.Length <= MaxPlainChars && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}

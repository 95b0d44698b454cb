using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Geometry;

/// <summary>What one disk is: size, block, promises, cache, medium and how it loses power.</summary>
public sealed record DiskOptions
{
    /// <summary>The longest name: an NBD export name that every client can say.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>The largest disk: what a signed 64-bit offset reaches, less the last partial block.</summary>
    public const long MaxSizeBytes = long.MaxValue - 4095;

    /// <summary>The disk's name and its export's.</summary>
    public required string Name { get; init; }

    /// <summary>Size in bytes, a positive multiple of the block size. 0 with a file medium: the file's own size.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Logical block: 512 or 4096.</summary>
    public int BlockSizeBytes { get; init; } = 512;

    /// <summary>The promises about atomicity; <see langword="null"/> = the defaults for the block size.</summary>
    public AtomicityParameters? Atomicity { get; init; }

    /// <summary>Payload bytes of pending atoms the volatile cache holds; 0 = no cache, every write as with FUA.</summary>
    public long CacheBytes { get; init; } = 64L << 20;

    /// <summary>Payload bytes of the newest pending commands that are in memory with a battery, and survive every power cut; what
    /// is older is in volatile memory below it. At most <see cref="CacheBytes"/>; 0 = there is no such layer.</summary>
    public long ProtectedBytes { get; init; }

    /// <summary>The image file; <see langword="null"/> = memory.</summary>
    public string? FilePath { get; init; }

    /// <summary>With a file medium: whether a flush also reaches the host's disk (<c>sync=fsync</c>).</summary>
    public bool SyncToHost { get; init; } = true;

    /// <summary>With a file medium: whether atoms of more than a page of the host survive the death of this process whole, by a redo
    /// file beside the image (<c>redo=on</c>).</summary>
    public bool KeepsRedo { get; init; } = true;

    /// <summary>Refuses write-class commands.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>For people; sent as NBD_INFO_DESCRIPTION.</summary>
    public string Description { get; init; } = "";

    /// <summary>When and in which order pending commands become persistent by themselves.</summary>
    public DestagePolicy Destage { get; init; } = DestagePolicy.Oldest;

    /// <summary>What a power cut loses when the cut does not say.</summary>
    public LossModel Loss { get; init; } = LossModel.Default;

    /// <summary>The disk's seed: cut n uses hash(seed, n).</summary>
    public ulong Seed { get; init; }

    /// <summary>What commands that run at the same time may see of one another.</summary>
    public IsolationRule Isolation { get; init; } = IsolationRule.Default;

    /// <summary>The atomicity that was asked for.</summary>
    public AtomicityParameters ConfiguredAtomicity => Atomicity ?? AtomicityParameters.DefaultFor(BlockSizeBytes);

    /// <summary>The atomicity in force: what was asked for, as far as the isolation allows it.</summary>
    public AtomicityParameters EffectiveAtomicity => Isolation.Limit(ConfiguredAtomicity);

    /// <summary>Whether these differ from others only in what can change while the disk is there.</summary>
    internal bool IsChangeOf(DiskOptions now) => this with
    {
        Atomicity = now.Atomicity,
        Destage = now.Destage,
        Isolation = now.Isolation,
        Loss = now.Loss,
        Seed = now.Seed,
    } == now;

    /// <summary>Lists every fault at once; each message starts with the option's name.</summary>
    public IEnumerable<string> Validate()
    {
        int nameBytes = System.Text.Encoding.UTF8.GetByteCount(Name);
        if (nameBytes is 0 or > MaxNameBytes || Name.Any(char.IsControl) || Name.Contains('/') || Name is "." or "..")
        {
            yield return $"name: '{Name}' must be 1 to {MaxNameBytes} bytes of UTF-8 without control characters or '/', and neither '.' nor '..'";
        }

        if (BlockSizeBytes is not (512 or 4096))
        {
            yield return $"block: {BlockSizeBytes} must be 512 or 4096";
            yield break;
        }

        if (SizeBytes == 0 && FilePath is null)
        {
            yield return "size: a memory disk needs one, for example size=1G";
        }
        else if (SizeBytes < 0 || SizeBytes > MaxSizeBytes)
        {
            yield return $"size: {SizeBytes} must lie between one block and {MaxSizeBytes}";
        }
        else if (SizeBytes % BlockSizeBytes != 0)
        {
            yield return $"size: {SizeBytes} is not a multiple of the block size {BlockSizeBytes}";
        }

        foreach (string fault in ConfiguredAtomicity.Validate(BlockSizeBytes))
        {
            yield return fault;
        }

        long unitBytes = EffectiveAtomicity.EffectiveAwupfBytes;
        if (CacheBytes < 0 || (CacheBytes != 0 && CacheBytes / 2 < unitBytes))
        {
            yield return $"cache: {CacheBytes} must be off, or at least 2 x {(EffectiveAtomicity.NawupfBytes == 0 ? "awupf" : "nawupf")} {unitBytes}";
        }
        else if (ProtectedBytes < 0 || ProtectedBytes > CacheBytes)
        {
            yield return $"protected: {ProtectedBytes} is the newest part of the cache: it must lie between 0 and {CacheBytes}";
        }
    }
}

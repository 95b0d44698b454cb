using System.Security.Cryptography;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>One disk as asked for: the device's options and the front ends' limits.</summary>
public sealed record DiskSpec
{
    public required DiskOptions Options { get; init; }

    /// <inheritdoc cref="ServedDisk.IsTlsOnly"/>
    public bool IsTlsOnly { get; init; }

    /// <inheritdoc cref="ServedDisk.NbdMinimumBlockBytes"/>
    public int NbdMinimumBlockBytes { get; init; } = 1;

    /// <inheritdoc cref="ServedDisk.NbdMaximumPayloadBytes"/>
    public int NbdMaximumPayloadBytes { get; init; } = 64 << 20;

    /// <inheritdoc cref="ServedDisk.NvmePreferences"/>
    public NvmePreferences NvmePreferences { get; init; }

    /// <inheritdoc cref="ServedDisk.NvmeHosts"/>
    public IReadOnlyList<string>? NvmeHosts { get; init; }

    /// <inheritdoc cref="ServedDisk.IsRotational"/>
    public bool IsRotational { get; init; }

    /// <summary>The disk of a server that was asked for nothing: <c>disk0</c>, 1 GiB of memory.</summary>
    public static DiskSpec CreateDefault() =>
        new() { Options = new DiskOptions { Name = "disk0", SizeBytes = 1L << 30, Seed = DrawSeed() } };

    /// <summary>A seed from the operating system's randomness; 53 bits, so that JSON readers keep it whole.</summary>
    public static ulong DrawSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) >> 11;
    }
}

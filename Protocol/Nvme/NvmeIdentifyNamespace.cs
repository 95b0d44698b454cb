using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The Identify Namespace data structure, 4,096 bytes (NVM Command Set 4.1.5.1).</summary>
/// <remarks>
/// Little endian; what is not named is 0; sizes are logical blocks:
/// <code>
/// offset  size  field                                   offset  size  field
///      0     8  NSZE                                        46     2  NOIOB; 0 = none
///      8     8  NCAP                                        64     2  NPWG, 0's based
///     16     8  NUSE                                        66     2  NPWA, 0's based
///     24     1  NSFEAT                                      68     2  NPDG, 0's based
///     25     1  NLBAF, 0's based: 0                         70     2  NPDA, 0's based
///     26     1  FLBAS: format 0                             72     2  NOWS, 0's based
///     30     1  NMIC                                        74     2  MSSRL, blocks of a Copy's range
///     33     1  DLFEAT                                      76     4  MCL, blocks of a Copy
///     34     2  NAWUN, 0's based; 0 = as AWUN               80     1  MSRC, ranges of a Copy, 0's based
///     36     2  NAWUPF, 0's based; 0 = as AWUPF             99     1  NSATTR, bit 0 write protected
///     38     2  NACWU, 0's based; 0 = as ACWU              104    16  NGUID, big endian
///     40     2  NABSN, 0's based; 0 = none                 128     4  LBAF0: 23:16 LBADS, power of two
///     42     2  NABO, an LBA
///     44     2  NABSPF, 0's based; 0 = none
/// </code>
/// </remarks>
public sealed record NvmeIdentifyNamespace
{
    public const int SizeBytes = 4096;

    /// <summary>NSZE; NCAP and NUSE say the same.</summary>
    public ulong BlockCount { get; init; }

    /// <summary>NSFEAT.</summary>
    public NvmeNamespaceFeatures Features { get; init; }

    /// <summary>NMIC.</summary>
    public byte MultipathCapabilities { get; init; }

    /// <summary>DLFEAT: 2:0 what deallocated blocks read as (001b = zeroes), bit 3 Write Zeroes may deallocate.</summary>
    public byte DeallocateFeatures { get; init; }

    public ushort Nawun { get; init; }

    public ushort Nawupf { get; init; }

    public ushort Nacwu { get; init; }

    public ushort Nabsn { get; init; }

    public ushort Nabo { get; init; }

    public ushort Nabspf { get; init; }

    public ushort Noiob { get; init; }

    /// <summary>NPWG, 0's based: preferred write granularity; NPWA says the same.</summary>
    public ushort Npwg { get; init; }

    /// <summary>MSSRL.</summary>
    public ushort MaxCopyRangeBlocks { get; init; }

    /// <summary>MCL.</summary>
    public uint MaxCopyBlocks { get; init; }

    /// <summary>MSRC, 0's based.</summary>
    public byte MaxCopyRanges { get; init; }

    /// <summary>NSATTR bit 0.</summary>
    public bool IsWriteProtected { get; init; }

    /// <summary>NGUID, as the number that its 16 bytes are, most significant first.</summary>
    public UInt128 Nguid { get; init; }

    /// <summary>LBADS: the logical block is 2^n bytes.</summary>
    public byte BlockShift { get; init; }

    public static NvmeIdentifyNamespace Read(ReadOnlySpan<byte> source) => new()
    {
        BlockCount = BinaryPrimitives.ReadUInt64LittleEndian(source),
        Features = (NvmeNamespaceFeatures)source[24],
        MultipathCapabilities = source[30],
        DeallocateFeatures = source[33],
        Nawun = BinaryPrimitives.ReadUInt16LittleEndian(source[34..]),
        Nawupf = BinaryPrimitives.ReadUInt16LittleEndian(source[36..]),
        Nacwu = BinaryPrimitives.ReadUInt16LittleEndian(source[38..]),
        Nabsn = BinaryPrimitives.ReadUInt16LittleEndian(source[40..]),
        Nabo = BinaryPrimitives.ReadUInt16LittleEndian(source[42..]),
        Nabspf = BinaryPrimitives.ReadUInt16LittleEndian(source[44..]),
        Noiob = BinaryPrimitives.ReadUInt16LittleEndian(source[46..]),
        Npwg = BinaryPrimitives.ReadUInt16LittleEndian(source[64..]),
        MaxCopyRangeBlocks = BinaryPrimitives.ReadUInt16LittleEndian(source[74..]),
        MaxCopyBlocks = BinaryPrimitives.ReadUInt32LittleEndian(source[76..]),
        MaxCopyRanges = source[80],
        IsWriteProtected = (source[99] & 1) != 0,
        Nguid = BinaryPrimitives.ReadUInt128BigEndian(source[104..]),
        BlockShift = source[130],
    };

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, BlockCount);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], BlockCount);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], BlockCount);
        destination[24] = (byte)Features;
        destination[30] = MultipathCapabilities;
        destination[33] = DeallocateFeatures;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[34..], Nawun);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[36..], Nawupf);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[38..], Nacwu);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[40..], Nabsn);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[42..], Nabo);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[44..], Nabspf);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[46..], Noiob);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[64..], Npwg);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[66..], Npwg);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[74..], MaxCopyRangeBlocks);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[76..], MaxCopyBlocks);
        destination[80] = MaxCopyRanges;
        destination[99] = IsWriteProtected ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt128BigEndian(destination[104..], Nguid);
        destination[130] = BlockShift;
    }
}

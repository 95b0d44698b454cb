using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The SMART / Health Information log page, 512 bytes (Base 5.16.1.3).</summary>
/// <remarks>
/// Little endian; what is not named is 0:
/// <code>
/// offset  size  field
///      0     1  critical warnings; bit 1: a temperature is at or beyond its threshold
///      1     2  composite temperature, kelvin
///      3     1  available spare, percent
///      4     1  available spare threshold, percent
///     32    16  data units read, 1,000 x 512 bytes, rounded up
///     48    16  data units written
///     64    16  host read commands
///     80    16  host write commands
///    112    16  power cycles
///    128    16  power on hours
///    144    16  unsafe shutdowns
///    160    16  media and data integrity errors
///    176    16  number of error information log entries
/// </code>
/// </remarks>
public sealed record NvmeHealthLog
{
    public const int SizeBytes = 512;

    private const byte BeyondThreshold = 1 << 1;

    /// <summary>Bytes in a data unit.</summary>
    public const int DataUnitBytes = 512_000;

    /// <summary>Bit 1 of the critical warnings.</summary>
    public bool IsBeyondThreshold { get; init; }

    public ushort TemperatureKelvin { get; init; }

    public byte AvailableSparePercent { get; init; }

    public byte SpareThresholdPercent { get; init; }

    public ulong DataUnitsRead { get; init; }

    public ulong DataUnitsWritten { get; init; }

    public ulong HostReads { get; init; }

    public ulong HostWrites { get; init; }

    public ulong PowerCycles { get; init; }

    public ulong PowerOnHours { get; init; }

    public ulong UnsafeShutdowns { get; init; }

    public ulong MediaErrors { get; init; }

    public ulong ErrorLogEntries { get; init; }

    public static NvmeHealthLog Read(ReadOnlySpan<byte> source) => new()
    {
        IsBeyondThreshold = (source[0] & BeyondThreshold) != 0,
        TemperatureKelvin = BinaryPrimitives.ReadUInt16LittleEndian(source[1..]),
        AvailableSparePercent = source[3],
        SpareThresholdPercent = source[4],
        DataUnitsRead = BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
        DataUnitsWritten = BinaryPrimitives.ReadUInt64LittleEndian(source[48..]),
        HostReads = BinaryPrimitives.ReadUInt64LittleEndian(source[64..]),
        HostWrites = BinaryPrimitives.ReadUInt64LittleEndian(source[80..]),
        PowerCycles = BinaryPrimitives.ReadUInt64LittleEndian(source[112..]),
        PowerOnHours = BinaryPrimitives.ReadUInt64LittleEndian(source[128..]),
        UnsafeShutdowns = BinaryPrimitives.ReadUInt64LittleEndian(source[144..]),
        MediaErrors = BinaryPrimitives.ReadUInt64LittleEndian(source[160..]),
        ErrorLogEntries = BinaryPrimitives.ReadUInt64LittleEndian(source[176..]),
    };

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[0] = IsBeyondThreshold ? BeyondThreshold : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], TemperatureKelvin);
        destination[3] = AvailableSparePercent;
        destination[4] = SpareThresholdPercent;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], DataUnitsRead);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[48..], DataUnitsWritten);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[64..], HostReads);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[80..], HostWrites);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[112..], PowerCycles);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[128..], PowerOnHours);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[144..], UnsafeShutdowns);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[160..], MediaErrors);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[176..], ErrorLogEntries);
    }
}

using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary><c>H2CTermReq</c> and <c>C2HTermReq</c>: the last PDU on a connection that has failed.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.2.4 and 3.6.2.5; never with digests:
/// <code>
/// offset  size  field
///      0     8  common header: type 02h or 03h, HLEN 24, PDO 0, PLEN 24 to 152
///      8     2  FES
///     10     4  FEI
///     24   ...  the header of the PDU that was at fault, at most 128 bytes
/// </code>
/// </remarks>
public readonly record struct NvmeTcpTerminate(bool IsFromHost, NvmeTcpFault Fault)
{
    /// <summary>HLEN: what is fixed.</summary>
    public const int HeaderBytes = 24;

    /// <summary>The most of the offending header that is told.</summary>
    public const int MaxOffendingBytes = 128;

    /// <summary>The largest PLEN.</summary>
    public const int MaxSizeBytes = HeaderBytes + MaxOffendingBytes;

    public static NvmeTcpTerminate Read(ReadOnlySpan<byte> source) => new(
        source[0] == (byte)NvmeTcpPduType.HostTerminate,
        new NvmeTcpFault(
            (NvmeTcpFatalStatus)BinaryPrimitives.ReadUInt16LittleEndian(source[8..]), BinaryPrimitives.ReadUInt32LittleEndian(source[10..])));

    /// <summary>Returns how many bytes it is long.</summary>
    /// <param name="destination">At least <see cref="MaxSizeBytes"/>.</param>
    /// <param name="offending">The header at fault; what is beyond <see cref="MaxOffendingBytes"/> is left out.</param>
    public int Write(Span<byte> destination, ReadOnlySpan<byte> offending)
    {
        offending = offending[..Math.Min(offending.Length, MaxOffendingBytes)];
        int sizeBytes = HeaderBytes + offending.Length;
        destination[..HeaderBytes].Clear();
        NvmeTcpPduType type = IsFromHost ? NvmeTcpPduType.HostTerminate : NvmeTcpPduType.ControllerTerminate;
        new NvmeTcpCommonHeader(type, NvmeTcpPduFlags.None, HeaderBytes, 0, (uint)sizeBytes).Write(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], (ushort)Fault.Status);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[10..], Fault.Information);
        offending.CopyTo(destination[HeaderBytes..]);
        return sizeBytes;
    }
}

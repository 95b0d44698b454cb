using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BlockEmu.Protocol.Nvme;

/// <summary>One record of the Discovery log page, 1,024 bytes: an NVM subsystem, reached over TCP (Base 5.16.1.23).</summary>
/// <remarks>
/// Little endian; what is not named is 0:
/// <code>
/// offset  size  field
///      0     1  TRTYPE, 3 = TCP
///      1     1  ADRFAM, 1 = IPv4, 2 = IPv6
///      2     1  SUBTYPE, 2 = an NVM subsystem
///      3     1  TREQ, bit 2 = flow control of submission queues may be off
///      4     2  PORTID
///      6     2  CNTLID, FFFFh = dynamic
///      8     2  ASQSZ, entries of the admin queue
///     32    32  TRSVCID, the port, blank padded
///    256   256  SUBNQN
///    512   256  TRADDR, the address, blank padded
///    768     1  TSAS: SECTYPE, 0 = no security
/// </code>
/// </remarks>
public sealed record NvmeDiscoveryRecord(IPEndPoint EndPoint, string SubsystemNqn, ushort PortId, ushort AdminQueueEntries)
{
    public const int SizeBytes = 1024;

    private const byte Tcp = 3;
    private const byte NvmSubsystem = 2;
    private const byte FlowControlMayBeOff = 1 << 2;
    private const ushort DynamicController = 0xFFFF;

    /// <summary>Null for a record of another transport, or whose address is none.</summary>
    public static NvmeDiscoveryRecord? Read(ReadOnlySpan<byte> source) =>
        source[0] == Tcp
        && IPAddress.TryParse(NvmeText.ReadPadded(source[512..768]), out IPAddress? address)
        && ushort.TryParse(NvmeText.ReadPadded(source[32..64]), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
        && NvmeText.ReadName(source[256..512]) is { } nqn
            ? new NvmeDiscoveryRecord(
                new IPEndPoint(address, port), nqn,
                BinaryPrimitives.ReadUInt16LittleEndian(source[4..]), BinaryPrimitives.ReadUInt16LittleEndian(source[8..]))
            : null;

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[0] = Tcp;
        destination[1] = EndPoint.AddressFamily == AddressFamily.InterNetworkV6 ? (byte)2 : (byte)1;
        destination[2] = NvmSubsystem;
        destination[3] = FlowControlMayBeOff;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], PortId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], DynamicController);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], AdminQueueEntries);
        NvmeText.WritePadded(destination[32..64], EndPoint.Port.ToString(CultureInfo.InvariantCulture));
        NvmeText.WriteName(destination[256..512], SubsystemNqn);
        NvmeText.WritePadded(destination[512..768], EndPoint.Address.ToString());
    }
}

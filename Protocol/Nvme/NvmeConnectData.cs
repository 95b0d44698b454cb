using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The data of a Connect command, 1,024 bytes (Base 6.3).</summary>
/// <remarks>
/// Little endian:
/// <code>
/// offset  size  field
///      0    16  HOSTID
///     16     2  CNTLID: FFFFh on the admin queue, else the one that was given out there
///    256   256  SUBNQN, ends at a NUL
///    512   256  HOSTNQN, ends at a NUL
/// </code>
/// </remarks>
/// <param name="HostId">The host's identifier, as the number its 16 bytes are.</param>
/// <param name="ControllerId">CNTLID.</param>
/// <param name="SubsystemNqn">Null: not a name (<see cref="NvmeNames"/>).</param>
/// <param name="HostNqn">Null: not a name.</param>
public sealed record NvmeConnectData(UInt128 HostId, ushort ControllerId, string? SubsystemNqn, string? HostNqn)
{
    public const int SizeBytes = 1024;

    /// <summary>CNTLID for "any controller".</summary>
    public const ushort AnyController = 0xFFFF;

    public const int HostIdOffset = 0;

    public const int ControllerIdOffset = 16;

    public const int SubsystemNqnOffset = 256;

    public const int HostNqnOffset = 512;

    public static NvmeConnectData Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt128LittleEndian(source),
        BinaryPrimitives.ReadUInt16LittleEndian(source[ControllerIdOffset..]),
        NvmeText.ReadName(source[SubsystemNqnOffset..]),
        NvmeText.ReadName(source[HostNqnOffset..]));

    /// <summary>Throws <see cref="ArgumentException"/> when a name is too long.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        NvmeText.WriteName(destination.Slice(HostNqnOffset, 256), HostNqn ?? "");
        NvmeText.WriteName(destination.Slice(SubsystemNqnOffset, 256), SubsystemNqn ?? "");
        BinaryPrimitives.WriteUInt16LittleEndian(destination[ControllerIdOffset..], ControllerId);
        BinaryPrimitives.WriteUInt128LittleEndian(destination, HostId);
    }
}

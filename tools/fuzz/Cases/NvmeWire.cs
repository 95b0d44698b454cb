using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Cases;

/// <summary>PDUs of NVMe/TCP with their fields kept apart; without digests.</summary>
internal static class NvmeWire
{
    private static readonly int[] s_commandFields = [1, 1, 2, 4, 8, 8, 8, 4, 3, 1, 4, 4, 4, 4, 4, 4];

    public static CaseField[] InitializeRequest(ulong digests) =>
        [.. Header(NvmeTcpPduType.InitializeRequest, 0, 128, 0, 128), Number(0, 2), Number(0, 1), Number(digests, 1), Number(0, 4), new(new byte[112])];

    public static CaseField[] InitializeResponse() =>
        [.. Header(NvmeTcpPduType.InitializeResponse, 0, 128, 0, 128), Number(0, 2), Number(0, 1), Number(0, 1), Number(1 << 20, 4), new(new byte[112])];

    public static CaseField[] Command(in NvmeCommand command, byte[] inCapsule)
    {
        byte[] entry = new byte[NvmeCommand.SizeBytes];
        command.Write(entry);
        List<CaseField> fields = [.. Header(NvmeTcpPduType.Command, 0, 72, inCapsule.Length == 0 ? 0u : 72, 72 + (ulong)inCapsule.Length)];
        int at = 0;
        foreach (int sizeBytes in s_commandFields)
        {
            fields.Add(new CaseField(entry[at..(at + sizeBytes)], IsLittleEndian: true));
            at += sizeBytes;
        }

        return inCapsule.Length == 0 ? [.. fields] : [.. fields, new CaseField(inCapsule)];
    }

    public static CaseField[] Response(ulong commandId, ulong status, ulong result = 0) =>
        [.. Header(NvmeTcpPduType.Response, 0, 24, 0, 24), Number(result, 8), Number(1, 2), Number(1, 2), Number(commandId, 2), Number(status, 2)];

    public static CaseField[] Data(NvmeTcpPduType type, ulong flags, ulong commandId, ulong tag, ulong offsetBytes, byte[] data) =>
    [
        .. Header(type, flags, 24, 24, 24 + (ulong)data.Length), Number(commandId, 2), Number(tag, 2), Number(offsetBytes, 4),
        Number((ulong)data.Length, 4), Number(0, 4), new CaseField(data),
    ];

    public static CaseField[] ReadyToTransfer(ulong commandId, ulong tag, ulong offsetBytes, ulong lengthBytes) =>
    [
        .. Header(NvmeTcpPduType.ReadyToTransfer, 0, 24, 0, 24), Number(commandId, 2), Number(tag, 2), Number(offsetBytes, 4),
        Number(lengthBytes, 4), Number(0, 4),
    ];

    public static CaseField[] Terminate(NvmeTcpPduType type) =>
        [.. Header(type, 0, 24, 0, 24), Number(1, 2), Number(4, 4), new(new byte[10])];

    private static CaseField[] Header(NvmeTcpPduType type, ulong flags, ulong headerBytes, ulong dataOffsetBytes, ulong lengthBytes) =>
        [Number((ulong)type, 1), Number(flags, 1), Number(headerBytes, 1), Number(dataOffsetBytes, 1), Number(lengthBytes, 4)];

    private static CaseField Number(ulong value, int sizeBytes) => CaseField.Little(value, sizeBytes);
}

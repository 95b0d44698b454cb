using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Draws what an NVMe/TCP host might send, well formed: commands in any order, and the data that they will be asked for.</summary>
internal sealed class HostSpeech(Chance chance)
{
    private const int MaxCommands = 16;

    private static readonly byte[] s_io = [0x00, 0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x0C, 0x19, 0x7F];
    private static readonly byte[] s_admin = [0x02, 0x06, 0x08, 0x09, 0x0A, 0x0C, 0x18, 0x7F, 0x81];
    private static readonly string[] s_names = [NvmeNames.Discovery, "nqn.2026-11.io.blockemu:disk0", "nqn.2026-11.io.blockemu:nope", "", "x"];
    private static readonly ulong[] s_lbas = [0, 1, 8, 2047, 2048, 8191, 8192, 1UL << 32, ulong.MaxValue - 7, ulong.MaxValue];

    private readonly List<IReadOnlyList<CaseField>> _messages = [];
    private ushort _commandId;
    private ushort _tag;

    public FuzzCase Draw()
    {
        CaseKind kind = chance.Pick<CaseKind>(CaseKinds.ToController);
        if (kind == CaseKind.NvmeConnection)
        {
            _messages.Add(NvmeWire.InitializeRequest(chance.OneIn(6) ? (ulong)chance.Below(4) : 0));
            DrawConnect();
        }

        for (int left = chance.Below(MaxCommands); left > 0; left--)
        {
            if (chance.OneIn(30))
            {
                _messages.Add(NvmeWire.Terminate(NvmeTcpPduType.HostTerminate));
            }
            else
            {
                DrawCommand(kind == CaseKind.NvmeIo);
            }
        }

        return new FuzzCase(kind, _messages);
    }

    private void DrawConnect()
    {
        byte[] data = new byte[NvmeConnectData.SizeBytes];
        ushort controller = chance.OneIn(4) ? (ushort)chance.Below(4) : NvmeConnectData.AnyController;
        new NvmeConnectData(chance.Next(), controller, chance.Pick<string>(s_names), "nqn.2026-11.fuzz:host").Write(data);
        ushort queue = chance.OneIn(4) ? (ushort)chance.Below(3) : (ushort)0;
        NvmeConnect connect = new(0, queue, 1 + chance.Below(256), chance.OneIn(2), (uint)chance.Below(100_000));
        _messages.Add(NvmeWire.Command(connect.ToCommand(++_commandId), data));
        _messages.Add(NvmeWire.Command(NvmePropertyAccess.Set(NvmeProperty.Configuration, NvmeConfiguration.Enabled.Value, ++_commandId), []));
    }

    private void DrawCommand(bool isIo)
    {
        byte opcode = chance.OneIn(12) ? (byte)chance.Next() : chance.Pick<byte>(isIo ? s_io : s_admin);
        int blocks = 1 + (chance.OneIn(8) ? chance.Below(65_536) : chance.Below(64));
        int dataBytes = (opcode & 3) == 1 && !chance.OneIn(10) ? (opcode is 0x09 or 0x19 ? 4096 : blocks * 512) : chance.Below(3) * 512;
        bool isInCapsule = dataBytes is > 0 and <= 8192 && chance.OneIn(2);
        NvmeSgl sgl = isInCapsule ? NvmeSgl.InCapsule((uint)dataBytes) : NvmeSgl.Transport((uint)((opcode & 3) == 2 ? blocks * 512 : dataBytes));
        NvmeCommand command = NvmeCommand.OnBlocks((NvmeIoOpcode)opcode, ++_commandId, 1, chance.Pick<ulong>(s_lbas), blocks, sgl) with
        {
            Fuse = chance.OneIn(6) ? (NvmeFuse)chance.Below(4) : NvmeFuse.Normal,
        };
        if (!isIo || opcode is 0x09 or 0x19)
        {
            command = command with { Cdw10 = (uint)chance.AnySize(), Cdw11 = (uint)chance.AnySize() };
        }

        _messages.Add(NvmeWire.Command(command, isInCapsule ? chance.Bytes(dataBytes) : []));
        if (isInCapsule || dataBytes == 0 || dataBytes > 1 << 16 || chance.OneIn(8))
        {
            return;
        }

        // Tags are given out from 0 on, and used again: mostly this is the one.
        int half = chance.OneIn(2) ? dataBytes / 2 : 0;
        if (half > 0)
        {
            _messages.Add(NvmeWire.Data(NvmeTcpPduType.HostData, 0, _commandId, _tag, 0, chance.Bytes(half)));
        }

        _messages.Add(NvmeWire.Data(NvmeTcpPduType.HostData, 4, _commandId, _tag, (ulong)half, chance.Bytes(dataBytes - half)));
        _tag += chance.OneIn(10) ? (ushort)1 : (ushort)0;
    }
}

using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Draws what an NVMe/TCP controller might answer to a host that writes, reads and flushes.</summary>
internal sealed class ControllerSpeech(Chance chance)
{
    private const int MaxPdus = 12;

    private readonly List<IReadOnlyList<CaseField>> _messages = [];

    public FuzzCase Draw()
    {
        _messages.Add(NvmeWire.InitializeResponse());
        for (int left = chance.Below(MaxPdus); left > 0; left--)
        {
            DrawPdu();
        }

        // What the host asks for, in its order.
        _messages.Add(NvmeWire.ReadyToTransfer(1, 0, 0, 16_384));
        _messages.Add(NvmeWire.Response(1, 0));
        _messages.Add(NvmeWire.Data(NvmeTcpPduType.ControllerData, 4, 2, 0, 0, chance.Bytes(2048)));
        _messages.Add(NvmeWire.Data(NvmeTcpPduType.ControllerData, 4 | 8, 2, 0, 2048, chance.Bytes(2048)));
        _messages.Add(NvmeWire.Response(3, chance.OneIn(3) ? chance.AnySize() & 0xFFFE : 0));
        return new FuzzCase(CaseKind.NvmeHost, _messages);
    }

    private void DrawPdu()
    {
        ulong commandId = (ulong)chance.Below(5);
        switch (chance.Below(12))
        {
            case 0:
                _messages.Add(NvmeWire.Terminate(NvmeTcpPduType.ControllerTerminate));
                break;
            case < 4:
                _messages.Add(NvmeWire.Response(commandId, 0));
                break;
            case < 8:
                _messages.Add(NvmeWire.ReadyToTransfer(commandId, chance.AnySize(), (ulong)chance.Below(32) * 512, (ulong)chance.Below(40) * 512));
                break;
            default:
                byte[] data = chance.Bytes(chance.Below(9) * 512);
                _messages.Add(NvmeWire.Data(NvmeTcpPduType.ControllerData, (ulong)chance.Below(16) & 12, commandId, 0, (ulong)chance.Below(9) * 512, data));
                break;
        }
    }
}

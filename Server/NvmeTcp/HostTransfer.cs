using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>A command that waits: for its data, for memory to ask for it, or for its fused neighbour. Used again and again.</summary>
internal sealed class HostTransfer(ushort tag)
{
    /// <summary>TTAG of its R2T.</summary>
    public ushort Tag { get; } = tag;

    public NvmeCommand Command { get; private set; }

    /// <summary>Bytes of its data.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>How many have come.</summary>
    public int DoneBytes { get; set; }

    /// <summary>CRC32C over the data of the H2CData that is arriving.</summary>
    public uint DigestState { get; set; } = Crc32C.Begin;

    /// <summary>How it ends once its data is here, whatever the data is; success: as its execution says.</summary>
    public NvmeStatus Doom { get; set; }

    /// <summary>The other half of a fused pair.</summary>
    public HostTransfer? Neighbour { get; set; }

    /// <summary>The memory that its data goes to; empty while it waits for some.</summary>
    public byte[] Memory { get; set; } = [];

    public bool IsWhole => DoneBytes == LengthBytes;

    /// <summary>The data.</summary>
    public Span<byte> Bytes => Memory.AsSpan(0, LengthBytes);

    /// <summary>As the judge of PDUs sees it; null while nothing was asked for.</summary>
    public NvmeTcpTransfer? Asked =>
        Memory.Length == 0 || IsWhole ? null : new NvmeTcpTransfer(Command.CommandId, Tag, 0, (uint)LengthBytes, (uint)DoneBytes);

    public void Begin(in NvmeCommand command, int lengthBytes)
    {
        Command = command;
        LengthBytes = lengthBytes;
        DoneBytes = 0;
        Doom = NvmeStatus.Success;
        Neighbour = null;
        DigestState = Crc32C.Begin;
    }
}

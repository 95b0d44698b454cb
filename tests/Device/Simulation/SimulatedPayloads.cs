namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Room for the payloads of a simulated disk's commands, one for each depth between the steps of others.</summary>
internal sealed class SimulatedPayloads(Disk disk)
{
    private readonly byte[]?[] _rooms = new byte[3][];

    /// <summary>A command's payload, until the next one's of the same depth.</summary>
    public ReadOnlySpan<byte> Fill(int depth, in SimulatedCommand command)
    {
        int block = disk.Options.BlockSizeBytes;
        byte[] room = _rooms[depth] ??= new byte[disk.SizeBytes];
        Span<byte> payload = room.AsSpan(0, command.Count * block);
        BlockContent.Fill(payload, command, block);
        return payload;
    }
}

using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Targets;

/// <summary>A host of ours: it writes, reads and flushes, and the controller that answers is the case.</summary>
internal static class HostTarget
{
    public static string Run(byte[] input, Pieces pieces)
    {
        Transcript transcript = new();
        try
        {
            using ScriptedStream stream = new(input, pieces);
            using NvmeTcpQueue queue = new(stream, new NvmeTcpClientOptions { SubsystemNqn = "", WaitsForReadyToTransfer = true });
            ushort write = queue.Submit(NvmeCommand.OnBlocks(NvmeIoOpcode.Write, 0, 1, 0, 32), new byte[16_384]);
            ushort read = queue.Submit(NvmeCommand.OnBlocks(NvmeIoOpcode.Read, 0, 1, 0, 8), default, 4096);
            ushort flush = queue.Submit(NvmeCommand.OnBlocks(NvmeIoOpcode.Flush, 0, 1, 0, 1));
            byte[] data = new byte[4096];
            transcript.Step($"write: {queue.Wait(write).Status}");
            transcript.Step($"read: {queue.Wait(read, data).Status}");
            transcript.Answered(data);
            transcript.Step($"flush: {queue.Wait(flush).Status}");
            transcript.Step("done");
        }
        catch (IOException e)
        {
            // The protocol's own outcomes: the connection ends, or the controller says what it must not.
            transcript.Step($"{e.GetType().Name}: {e.Message}");
        }

        return transcript.ToString();
    }
}

using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>What happens to the commands of one queue. False: the session ended, and the batch says how.</summary>
internal interface IQueueCommands
{
    /// <summary>A command has come.</summary>
    /// <param name="command">The command.</param>
    /// <param name="inCapsule">The data in its capsule, read during the call only.</param>
    /// <param name="isDamaged">The data does not have the digest that it came with.</param>
    bool Take(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, bool isDamaged);

    /// <summary>The data that was asked for is whole.</summary>
    bool Finish(HostTransfer transfer);
}

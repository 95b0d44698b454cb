using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A queue pair that Connect has made: one connection's.</summary>
internal sealed class NvmeQueue(NvmeController controller, NvmeConnect connect, INvmeQueueSink sink)
{
    private int _head;

    public NvmeController Controller { get; } = controller;

    /// <summary>QID; 0 is the admin queue.</summary>
    public ushort Id { get; } = connect.QueueId;

    public bool IsAdmin => Id == 0;

    /// <summary>How many commands may be outstanding, 2 to <see cref="NvmeLimits.MaxQueueEntries"/>.</summary>
    public int Entries { get; } = connect.QueueEntries;

    /// <summary>Whether completions say how far the submission queue was read. Without it a successful read needs no completion
    /// either (<c>SUCCESS</c> on its last C2HData).</summary>
    public bool HasFlowControl { get; } = !connect.DisablesFlowControl;

    /// <summary>SQHD for a completion that leaves now.</summary>
    public ushort SqHead => HasFlowControl ? (ushort)_head : NvmeCompletion.NoSqHead;

    internal INvmeQueueSink Sink { get; } = sink;

    /// <summary>A command was taken from the submission queue. The connection's thread.</summary>
    public void TakeEntry() => _head = _head + 1 == Entries ? 0 : _head + 1;

    /// <summary>Why a Fabrics command does not hold on a queue of I/O that is connected.</summary>
    public static NvmeStatus RefuseFabrics(in NvmeCommand command) =>
        command.FabricsType == NvmeFabricsType.Connect ? NvmeStatus.CommandSequenceError.Final : NvmeStatus.InvalidOpcode.Final;

    /// <summary>The connection has ended. With the admin queue the controller is gone.</summary>
    public void Close() => Controller.OnClosed(this);
}

using System.Buffers;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The commands of one queue that wait, and the memory that they have.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>A command has memory, all of it from the budget, from its R2T on and no earlier: what a host announces costs
/// nothing. There are no more of them than the queue has entries.</description></item>
/// <item><description>They get memory in their order. When there is none they wait for what others of this connection give back; and
/// only when there are no others does the connection itself wait, so that it holds nothing that it waits for.</description></item>
/// </list>
/// </remarks>
internal sealed class HostTransfers(ConnectionMemory memory, CapsuleBatch replies)
{
    private readonly List<HostTransfer> _all = [];
    private readonly Stack<HostTransfer> _free = new();
    private readonly Queue<HostTransfer> _waiting = new();
    private readonly BufferShare _share = memory.Budget.LargeRequests;
    private int _holders;

    /// <summary>How many commands wait.</summary>
    public int Count => _all.Count - _free.Count;

    /// <summary>Whether commands wait for memory, and nobody of this connection holds any.</summary>
    public bool IsStarved => _waiting.Count > 0 && _holders == 0;

    /// <summary>The one with a TTAG, if data was asked for and is not whole.</summary>
    public HostTransfer? Find(ushort tag) => tag < _all.Count && _all[tag].Asked is not null ? _all[tag] : null;

    /// <summary>Whether a command that waits has this identifier.</summary>
    public bool Contains(ushort commandId)
    {
        if (Count == 0)
        {
            return false;
        }

        foreach (HostTransfer transfer in _all)
        {
            if (transfer.LengthBytes > 0 && transfer.Command.CommandId == commandId)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A command whose data is to be asked for. False: sending ended the session.</summary>
    public bool Ask(in NvmeCommand command, int lengthBytes, out HostTransfer transfer)
    {
        transfer = Add(command, lengthBytes);
        _waiting.Enqueue(transfer);
        return Feed();
    }

    /// <summary>A command whose data is here and has to be kept; null when there is no memory.</summary>
    public HostTransfer? Keep(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        if (_waiting.Count > 0 || !_share.TryTake(memory, data.Length))
        {
            return null;
        }

        HostTransfer transfer = Add(command, data.Length);
        Take(transfer);
        data.CopyTo(transfer.Bytes);
        transfer.DoneBytes = data.Length;
        return transfer;
    }

    /// <summary>Asks for as much as there is memory for. False: sending ended the session.</summary>
    public bool Feed()
    {
        while (_waiting.TryPeek(out HostTransfer? next) && _share.TryTake(memory, next.LengthBytes))
        {
            if (!AskFor(_waiting.Dequeue()))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>With nothing held: waits for memory for the next one. False: the connection was reset meanwhile, or sending ended
    /// the session.</summary>
    public bool WaitForMemory() =>
        _share.Take(memory, _waiting.Peek().LengthBytes) && AskFor(_waiting.Dequeue()) && Feed();

    /// <summary>It is done: its memory goes back.</summary>
    public void End(HostTransfer transfer)
    {
        if (transfer.Memory.Length > 0)
        {
            _holders--;
            _share.Return(memory, transfer.LengthBytes);
            ArrayPool<byte>.Shared.Return(transfer.Memory);
            transfer.Memory = [];
        }

        transfer.Begin(default, 0);
        _free.Push(transfer);
    }

    /// <summary>The connection ends: everything goes back.</summary>
    public void Release()
    {
        _waiting.Clear();
        foreach (HostTransfer transfer in _all)
        {
            if (transfer.LengthBytes > 0)
            {
                End(transfer);
            }
        }
    }

    private HostTransfer Add(in NvmeCommand command, int lengthBytes)
    {
        if (!_free.TryPop(out HostTransfer? transfer))
        {
            transfer = new HostTransfer((ushort)_all.Count);
            _all.Add(transfer);
        }

        transfer.Begin(command, lengthBytes);
        return transfer;
    }

    private void Take(HostTransfer transfer)
    {
        transfer.Memory = ArrayPool<byte>.Shared.Rent(transfer.LengthBytes);
        _holders++;
    }

    private bool AskFor(HostTransfer transfer)
    {
        Take(transfer);
        return replies.AddReadyToTransfer(new BatchedPdu(transfer.Command.CommandId, null, true, false, 0)
        {
            WantedBytes = (uint)transfer.LengthBytes,
            TransferTag = transfer.Tag,
        });
    }
}

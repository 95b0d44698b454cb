using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The commands of one queue that wait, and the memory that they have.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>A command has memory, all of it from the budget, from its R2T on and no earlier: what a host announces costs
/// nothing. There are no more of them than the queue has entries.</description></item>
/// <item><description>They get memory in their order. When there is none they wait for what others of this connection give back, as
/// long as the host has data to send for those; and only when nothing at all is held does the connection itself wait. Who holds halves
/// of fused pairs and nothing else neither waits nor keeps others waiting: <see cref="TakeStuck"/>.</description></item>
/// </list>
/// </remarks>
internal sealed class HostTransfers(ConnectionMemory memory, CapsuleBatch replies)
{
    private readonly List<HostTransfer> _all = [];
    private readonly Stack<HostTransfer> _free = new();
    private readonly Queue<HostTransfer> _waiting = new();
    private readonly BufferShare _share = memory.Budget.LargeRequests;
    private int _holders;
    private int _asked;

    /// <summary>How many commands wait.</summary>
    public int Count => _all.Count - _free.Count;

    /// <summary>Whether commands wait for memory, and nobody of this connection holds any.</summary>
    public bool IsStarved => _waiting.Count > 0 && _holders == 0;

    /// <summary>The next command that waits, when what is held will not be given back before it has its memory; null: there is none.
    /// It is to be ended without its data.</summary>
    public HostTransfer? TakeStuck() => _waiting.Count > 0 && _holders > 0 && _asked == 0 ? _waiting.Dequeue() : null;

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
    /// <param name="command">The command.</param>
    /// <param name="lengthBytes">Of its data.</param>
    /// <param name="transfer">What stands for it.</param>
    /// <param name="session">Given, the data goes to where the session's disk keeps it: for a write that it can be stocked for.</param>
    public bool Ask(in NvmeCommand command, int lengthBytes, out HostTransfer transfer, QueueSession? session = null)
    {
        transfer = Add();
        if (session is null)
        {
            transfer.Begin(command, lengthBytes);
        }
        else
        {
            transfer.Begin(command, lengthBytes, session);
        }

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

        HostTransfer transfer = Add();
        transfer.Begin(command, data.Length);
        Place(transfer);
        transfer.Put(data);
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

    /// <summary>All that it was asked for has come.</summary>
    public void Complete() => _asked--;

    /// <summary>It is done: its memory goes back.</summary>
    public void End(HostTransfer transfer)
    {
        if (transfer.HasPlace)
        {
            _holders--;
            _asked -= transfer.IsWhole ? 0 : 1;
            transfer.Leave();
            _share.Return(memory, transfer.LengthBytes);
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

            transfer.Trim();
        }
    }

    /// <summary>Nothing came for a while: gives back what is kept for the next ones.</summary>
    public void Rest()
    {
        foreach (HostTransfer transfer in _free)
        {
            transfer.Trim();
        }
    }

    private HostTransfer Add()
    {
        if (!_free.TryPop(out HostTransfer? transfer))
        {
            transfer = new HostTransfer((ushort)_all.Count);
            _all.Add(transfer);
        }

        return transfer;
    }

    private void Place(HostTransfer transfer)
    {
        transfer.Place();
        _holders++;
    }

    private bool AskFor(HostTransfer transfer)
    {
        Place(transfer);
        _asked++;
        return replies.AddReadyToTransfer(new BatchedPdu(transfer.Command.CommandId, null, true, false, 0)
        {
            WantedBytes = (uint)transfer.LengthBytes,
            TransferTag = transfer.Tag,
        });
    }
}

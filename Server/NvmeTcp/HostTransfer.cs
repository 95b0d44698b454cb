using System.Buffers;
using BlockEmu.Device;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>A command that waits: for its data, for memory to ask for it, or for its fused neighbour. Used again and again.</summary>
internal sealed class HostTransfer(ushort tag)
{
    // A page is lent for what may come next, and no more.
    private const int MaxPagesAhead = 64;

    private byte[] _memory = [];
    private QueueSession? _session;
    private WriteStock? _stock;
    private long _offsetBytes;

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

    /// <summary>Whether its data has a place; the budget knows of it.</summary>
    public bool HasPlace { get; private set; }

    /// <summary>Whether the place is where the disk will keep it.</summary>
    public bool IsStocked { get; private set; }

    public bool IsWhole => DoneBytes == LengthBytes;

    /// <summary>The data, unless it is stocked.</summary>
    public Span<byte> Bytes => _memory.AsSpan(0, LengthBytes);

    /// <summary>As the judge of PDUs sees it; null while nothing was asked for.</summary>
    public NvmeTcpTransfer? Asked =>
        !HasPlace || IsWhole ? null : new NvmeTcpTransfer(Command.CommandId, Tag, 0, (uint)LengthBytes, (uint)DoneBytes);

    /// <summary>It ends so, without its data.</summary>
    public void GiveUp(NvmeStatus status)
    {
        Doom = status;
        DoneBytes = LengthBytes;
    }

    /// <summary>A new command, whose data goes to memory.</summary>
    public void Begin(in NvmeCommand command, int lengthBytes)
    {
        IsStocked = false;
        Command = command;
        LengthBytes = lengthBytes;
        DoneBytes = 0;
        Doom = NvmeStatus.Success;
        Neighbour = null;
        DigestState = Crc32C.Begin;
    }

    /// <summary>A new write, whose data goes to where the disk keeps it.</summary>
    public void Begin(in NvmeCommand write, int lengthBytes, QueueSession session)
    {
        Begin(write, lengthBytes);
        _session = session;
        _offsetBytes = (long)write.StartingLba << session.Namespace!.BlockShift;
        IsStocked = true;
    }

    /// <summary>From here on its data may come.</summary>
    public void Place()
    {
        HasPlace = true;
        if (IsStocked)
        {
            _stock ??= _session!.Disk.OpenStock();
            _stock.Reset();
        }
        else
        {
            _memory = ArrayPool<byte>.Shared.Rent(LengthBytes);
        }
    }

    /// <summary>Its next bytes. Without power or memory for the disk's pages they are lost, and it is doomed.</summary>
    public void Put(ReadOnlySpan<byte> bytes)
    {
        if (!IsStocked)
        {
            bytes.CopyTo(Bytes[DoneBytes..]);
        }
        else if (Doom.IsSuccess && TryExtend(DoneBytes + bytes.Length))
        {
            _stock!.Put(_offsetBytes, DoneBytes, bytes);
        }
        else if (Doom.IsSuccess && _stock!.LacksMemory)
        {
            Doom = NvmeStatus.InternalError;
        }
        else if (Doom.IsSuccess)
        {
            _session!.LosePower();
            Doom = NvmeStatus.InternalPathError.Final;
        }

        DoneBytes += bytes.Length;
    }

    /// <summary>Writes what is stocked, whole.</summary>
    public DiskStatus Write(bool isFua) => _session!.Disk.Write(_session.Epoch, _offsetBytes, LengthBytes, _stock!, isFua);

    /// <summary>It is done.</summary>
    public void Leave()
    {
        if (_memory.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_memory);
            _memory = [];
        }

        _stock?.Reset();
        HasPlace = false;
    }

    /// <summary>Gives back the pages that are kept for the next write.</summary>
    public void Trim() => _stock?.Trim();

    private bool TryExtend(int doneBytes)
    {
        int pages = WriteStock.CountPages(_offsetBytes, LengthBytes);
        return _stock!.TryExtend(_session!.Epoch, Math.Min(pages, WriteStock.CountPages(_offsetBytes, doneBytes) + MaxPagesAhead));
    }
}

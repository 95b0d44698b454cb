using System.Net;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>The disk over NBD.</summary>
internal sealed class NbdDoor : ILoadDoor
{
    private readonly ArrivalStream _stream;
    private readonly NbdClient _client;

    public NbdDoor(EndPoint endPoint)
    {
        _stream = ArrivalStream.Connect(endPoint);
        _client = new NbdClient(_stream);
        _client.Go(LiveServer.DiskName);
    }

    public bool NeedsBlocks => false;

    public ulong Submit(LoadCommand command, long offsetBytes, int lengthBytes, ReadOnlySpan<byte> payload, bool isFua)
    {
        NbdCommand said = command switch
        {
            LoadCommand.Read => NbdCommand.Read,
            LoadCommand.Write => NbdCommand.Write,
            LoadCommand.WriteZeroes => NbdCommand.WriteZeroes,
            LoadCommand.Trim => NbdCommand.Trim,
            _ => NbdCommand.Flush,
        };
        return _client.Submit(said, (ulong)offsetBytes, (uint)lengthBytes, payload, isFua ? NbdCommandFlags.Fua : NbdCommandFlags.None);
    }

    public LoadAnswer Wait(ulong name, Span<byte> data)
    {
        long before = _stream.Received;
        NbdError error = _client.Wait(name, data);

        // Where Wait had to read, the last reply that it read is this request's.
        bool isLate = error == NbdError.None && _stream.Received > before && _stream.IsForbidden(before);
        return new LoadAnswer(error == NbdError.None, error == NbdError.Shutdown, isLate, error.ToString());
    }

    public void ForbidMore() => _stream.ForbidMore();

    public void Dispose()
    {
        _client.Dispose();
        _stream.Dispose();
    }
}

using System.Net.Sockets;

namespace BlockEmu.Cli.Load;

/// <summary>A socket: one call takes all that has arrived, one call sends all that waits.</summary>
internal sealed class PlainWire(Socket socket, TimeSpan patience) : ILoadWire
{
    private readonly SafeSocketHandle _handle = socket.SafeHandle;

    public bool TrySend(SendQueue queue)
    {
        while (!queue.IsEmpty)
        {
            nint sent = WireCalls.Send(_handle, queue.Pieces);
            if (sent < 0)
            {
                return WireCalls.IsAgain ? false : throw Lost("send");
            }

            queue.Remove((nuint)sent);
        }

        return true;
    }

    public int Receive(Span<byte> destination, bool wantsRoom)
    {
        if (wantsRoom && !WireCalls.WaitForBytesOrRoom(_handle, (int)patience.TotalMilliseconds))
        {
            throw Silent();
        }

        nint received = WireCalls.Receive(_handle, destination, waits: !wantsRoom);
        return received switch
        {
            > 0 => (int)received,
            0 => throw new LoadFailedException("the server closed the connection"),
            _ when !WireCalls.IsAgain => throw Lost("receive"),
            _ => wantsRoom ? 0 : throw Silent(),
        };
    }

    private LoadFailedException Silent() => new($"no reply for {patience.TotalSeconds:0.#} s");

    private static LoadFailedException Lost(string call) =>
        new($"the connection is lost: {call}: {WireCalls.LastErrorText}");
}

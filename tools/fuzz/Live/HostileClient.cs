using System.Net.Sockets;
using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz.Live;

/// <summary>One hostile connection: says its bytes in pieces, then leaves in one of several rude ways.</summary>
internal sealed class HostileClient(LiveTarget target, WaitHandle stop)
{
    private const int MaxAnswerBytes = 8 << 20;

    /// <summary>A server that knows that its client has said all must let go of it in less.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    /// <summary>A server whose answers nobody reads takes nothing more, and that is right; then we go.</summary>
    private static readonly TimeSpan s_sendPatience = TimeSpan.FromMilliseconds(200);

    private readonly byte[] _answer = new byte[64 << 10];

    /// <summary>Returns what is wrong with the server, or null.</summary>
    public string? Attack(byte[] bytes, Chance chance)
    {
        bool hasSaidAll = false;
        try
        {
            using Socket socket = target.Open(s_deadline);
            socket.SendTimeout = (int)s_sendPatience.TotalMilliseconds;
            Say(socket, bytes, chance);
            switch (chance.Below(4))
            {
                case 0:
                    // Close with answers unread: on TCP a reset.
                    return null;
                case 1:
                    socket.LingerState = new LingerOption(true, 0);
                    return null;
                case 2:
                    stop.WaitOne(chance.Below(50));
                    return null;
                default:
                    socket.Shutdown(SocketShutdown.Send);
                    hasSaidAll = true;
                    return ReadToTheEnd(socket);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted
            or SocketError.Shutdown or SocketError.NotConnected)
        {
            // It closed on us, as it may.
            return null;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain)
        {
            return hasSaidAll ? $"a connection whose client has said all does not end ({e.SocketErrorCode})" : null;
        }
    }

    private void Say(Socket socket, ReadOnlySpan<byte> bytes, Chance chance)
    {
        Pieces pieces = chance.OneIn(3) ? Pieces.Random(chance) : Pieces.Whole;
        for (int count = 0; !bytes.IsEmpty && count < 500; count++)
        {
            int piece = count < 200 ? pieces.Next(bytes.Length) : bytes.Length;
            int sent = socket.Send(bytes[..piece]);
            bytes = bytes[sent..];
            if (socket.Available > 0 && chance.OneIn(2))
            {
                socket.Receive(_answer);
            }
        }
    }

    private string? ReadToTheEnd(Socket socket)
    {
        int total = 0;
        int received;
        while (total < MaxAnswerBytes && (received = socket.Receive(_answer)) > 0)
        {
            total += received;
        }

        return null;
    }
}

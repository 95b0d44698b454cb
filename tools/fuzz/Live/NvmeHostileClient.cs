using System.Net;
using System.Net.Sockets;
using BlockEmu.Fuzz.Cases;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Fuzz.Live;

/// <summary>One hostile NVMe/TCP host: connects as far as its case needs it, says its bytes on that connection, then leaves.</summary>
internal sealed class NvmeHostileClient(EndPoint endPoint)
{
    private const string Subsystem = "nqn.2026-11.io.blockemu:disk0";
    private const int MaxAnswerBytes = 8 << 20;

    /// <summary>A server that knows that its host has said all must let go of it in less.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    private readonly byte[] _answer = new byte[64 << 10];

    /// <summary>Returns what is wrong with the server, or null.</summary>
    public string? Attack(FuzzCase theCase, Chance chance)
    {
        try
        {
            if (theCase.Kind == CaseKind.NvmeConnection)
            {
                using NetworkStream bare = NvmeTcpQueue.OpenStream(endPoint, s_deadline);
                return Attack(bare, theCase, chance);
            }

            using NvmeTcpClient client = NvmeTcpClient.Connect(endPoint, new NvmeTcpClientOptions
            {
                SubsystemNqn = Subsystem,
                HostId = chance.Next(),
                QueueCount = theCase.Kind == CaseKind.NvmeIo ? 1 : 0,
                QueueEntries = 2 + chance.Below(127),
                DisablesFlowControl = chance.OneIn(2),
                Timeout = s_deadline,
            });
            return Attack((theCase.Kind == CaseKind.NvmeIo ? client.Queue : client.Admin).Stream, theCase, chance);
        }
        catch (IOException e) when (e.InnerException is not SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock })
        {
            // It closed on us, as it may.
            return null;
        }
        catch (IOException e)
        {
            return $"an NVMe host that has said all is neither answered nor let go ({e.InnerException?.Message})";
        }
    }

    private string? Attack(Stream stream, FuzzCase theCase, Chance chance)
    {
        foreach (IReadOnlyList<CaseField> message in theCase.Messages)
        {
            stream.Write([.. message.SelectMany(static f => f.Bytes)]);
        }

        Socket socket = ((NetworkStream)stream).Socket;
        switch (chance.Below(3))
        {
            case 0:
                return null;
            case 1:
                socket.LingerState = new LingerOption(true, 0);
                return null;
            default:
                socket.Shutdown(SocketShutdown.Send);
                int received;
                for (int total = 0; total < MaxAnswerBytes && (received = stream.Read(_answer)) > 0; total += received)
                {
                    // Whatever it says.
                }

                return null;
        }
    }
}

using BlockEmu.Fuzz.Cases;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Targets;

/// <summary>The client's machines: it carries out a plan, and the server that answers is the case.</summary>
internal static class ClientTarget
{
    public static string Run(CaseKind kind, byte[] input, Pieces pieces)
    {
        Transcript transcript = new();
        try
        {
            using ScriptedStream stream = new(input, pieces);
            using NbdClient client = new(stream);
            CarryOut(kind, client, transcript);
            transcript.Step("done");
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            // The protocol's own outcomes: an option refused, a connection that ends, a server that breaks a rule.
            transcript.Step($"{e.GetType().Name}: {e.Message}");
        }

        return transcript.ToString();
    }

    private static void CarryOut(CaseKind kind, NbdClient client, Transcript transcript)
    {
        switch (kind)
        {
            case CaseKind.ClientList:
                transcript.Step($"{client.List().Count} exports");
                return;
            case CaseKind.ClientExportName:
                transcript.Step(client.Info("disk0").ToString());
                transcript.Step(client.ExportName("disk0").ToString());
                return;
            case CaseKind.ClientContexts:
                client.UseStructuredReplies();
                transcript.Step(string.Join(' ', client.ListContexts("disk0")));
                transcript.Step(string.Join(' ', client.SelectContexts("disk0", "base:allocation")));
                return;
            case CaseKind.ClientSimple:
                transcript.Step(client.Go("disk0").ToString());
                Request(client, transcript, 0, NbdCommand.Read, 0, 4096);
                Request(client, transcript, 0, NbdCommand.Write, 0, 512);
                Request(client, transcript, 0, NbdCommand.Flush, 0, 0);
                return;
            default:
                Negotiate(kind, client);
                client.SelectContexts("disk0", "base:allocation");
                transcript.Step(client.Go("disk0").ToString());
                RequestAll(client, transcript);
                return;
        }
    }

    private static void Negotiate(CaseKind kind, NbdClient client)
    {
        if (kind == CaseKind.ClientExtended)
        {
            client.UseExtendedHeaders();
        }
        else
        {
            client.UseStructuredReplies();
        }
    }

    private static void RequestAll(NbdClient client, Transcript transcript)
    {
        ulong read = client.Submit(NbdCommand.Read, 8192, 4096);
        ulong status = client.Submit(NbdCommand.BlockStatus, 0, 65536);
        ulong write = client.Submit(NbdCommand.Write, 0, 512, new byte[512]);
        ulong whole = client.Submit(NbdCommand.Read, 0, 512, default, NbdCommandFlags.DontFragment);
        byte[] data = new byte[4096];
        Tell(transcript, client.WaitForReply(read, data), data);
        Tell(transcript, client.WaitForReply(status), default);
        Tell(transcript, client.WaitForReply(write), default);
        Tell(transcript, client.WaitForReply(whole, data), data);
    }

    private static void Request(
        NbdClient client, Transcript transcript, ushort flags, NbdCommand command, ulong offsetBytes, uint lengthBytes)
    {
        byte[] data = new byte[lengthBytes];
        ulong cookie = client.Submit(
            command, offsetBytes, lengthBytes, command == NbdCommand.Write ? data : default, (NbdCommandFlags)flags);
        Tell(transcript, client.WaitForReply(cookie, data), data);
    }

    private static void Tell(Transcript transcript, NbdReply reply, ReadOnlySpan<byte> data)
    {
        transcript.Step($"{reply.Error} {reply.RawError} {reply.Message} {reply.ErrorOffsetBytes} {reply.Extents.Count} contexts");
        transcript.Answered(data);
    }
}

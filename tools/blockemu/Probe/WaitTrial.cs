using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>Who waits for whom? A request is held in progress by its client, which does not take the reply or does not send
/// the rest of the payload; another connection's request is either answered meanwhile or not.</summary>
internal sealed class WaitTrial(ProbeTarget target, Generations generations)
{
    private const int Tries = 3;
    private const int HeldReadBytes = 32 << 20;

    /// <summary>Few, so that the requests themselves fit the socket of a server that takes no more of them.</summary>
    private const int MaxHeldReads = 64;

    private const int LargestPieceBytes = 1 << 20;

    /// <summary>Long for a request on an idle server, short for somebody who waits.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(700);

    private readonly int _heldBytes = Math.Max(2 * target.GrainBytes, Math.Min(64 << 10, target.LargestBytes));

    public WaitCount ReadsBesideReads { get; } = new();

    public WaitCount ReadsBesideWrites { get; } = new();

    public WaitCount WritesBesideWrites { get; } = new();

    /// <summary>Writes whose payload never arrived whole, and how many of them changed something.</summary>
    public (int Tries, int Seen) UnfinishedWrites { get; private set; }

    /// <summary>Two connections are needed.</summary>
    public void Run()
    {
        for (int i = 0; i < Tries; i++)
        {
            HoldRead();
            HoldWrite(isFinished: i % 2 == 0);
        }
    }

    /// <summary>Replies stand unread on one connection, more of them than buffers take; another one reads.</summary>
    private void HoldRead()
    {
        using NbdClient held = target.Open(Load.LoadConnection.Patience);
        long most = Math.Min(target.SpanBytes, target.Export.BlockSizes.MaximumPayloadBytes);
        int piece = (int)Math.Min(LargestPieceBytes, most) / target.GrainBytes * target.GrainBytes;
        List<ulong> asked = [];
        while ((long)asked.Count * piece < HeldReadBytes && asked.Count < MaxHeldReads)
        {
            asked.Add(held.Submit(NbdCommand.Read, 0, (ulong)piece));
        }

        ReadsBesideReads.Add(IsAnswered(static (client, grain) => client.Read(0, grain)));

        // To leave with replies unread is a client's right, and nbdkit 1.32.5 dies of it.
        byte[] data = new byte[piece];
        asked.ForEach(cookie => ProbeTarget.Expect(held.Wait(cookie, data), "a read"));
    }

    /// <summary>Half of a payload was sent; another connection reads that range, and writes it.</summary>
    private void HoldWrite(bool isFinished)
    {
        byte[] before = Stamped(out _);
        using (NbdClient client = target.Open(Load.LoadConnection.Patience))
        {
            ProbeTarget.Expect(client.Write(0, before), "a write");
        }

        byte[] payload = Stamped(out _);
        using NbdClient held = target.Open(Load.LoadConnection.Patience);
        Span<byte> header = stackalloc byte[NbdRequestHeader.SizeBytes];
        new NbdRequestHeader(NbdCommandFlags.None, NbdCommand.Write, 1, 0, (ulong)payload.Length).Write(header);
        held.Stream.Write(header);
        held.Stream.Write(payload.AsSpan(0, payload.Length / 2));
        held.Stream.Flush();
        ReadsBesideWrites.Add(IsAnswered((client, _) => client.Read(0, new byte[payload.Length])));
        byte[] other = Stamped(out _);
        bool isWritten = IsAnswered((client, _) => client.Write(0, other));
        WritesBesideWrites.Add(isWritten);
        if (isFinished)
        {
            held.Stream.Write(payload.AsSpan(payload.Length / 2));
            held.Stream.ReadExactly(new byte[NbdSimpleReply.SizeBytes]);
            return;
        }

        held.Dispose();
        LookForRemains(payload);
    }

    /// <summary>Whether anything of a write that was given up shows.</summary>
    private void LookForRemains(byte[] payload)
    {
        using NbdClient client = target.Open(Load.LoadConnection.Patience);
        byte[] shown = new byte[payload.Length];
        ProbeTarget.Expect(client.Read(0, shown), "a read");
        bool isSeen = false;
        for (int at = 0; at < shown.Length; at += target.GrainBytes)
        {
            isSeen |= shown.AsSpan(at, target.GrainBytes).SequenceEqual(payload.AsSpan(at, target.GrainBytes));
        }

        (int tries, int seen) = UnfinishedWrites;
        UnfinishedWrites = (tries + 1, seen + (isSeen ? 1 : 0));
    }

    private byte[] Stamped(out ulong generation)
    {
        byte[] bytes = new byte[_heldBytes / target.GrainBytes * target.GrainBytes];
        generation = generations.Next();
        ProbeStamp.Fill(bytes, 0, target.GrainBytes, generation);
        return bytes;
    }

    private bool IsAnswered(Func<NbdClient, byte[], NbdError> ask)
    {
        try
        {
            using NbdClient client = target.Open(s_patience);
            ProbeTarget.Expect(ask(client, new byte[target.GrainBytes]), "a request");
            return true;
        }
        catch (IOException)
        {
            return false; // not in time
        }
    }
}

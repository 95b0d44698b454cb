using BlockEmu.Cli.Load;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>What survives a power cut? Writes that are answered, flushed or FUA, side by side; a cut; then every byte of the
/// span is read, each write is found kept, lost or torn, and the oracle from outside judges the whole.</summary>
internal sealed class CutTrial(ProbeTarget target, IPowerSwitch power, Generations generations, ulong seed)
{
    private const int PieceBytes = 1 << 20;
    private const int MaxTold = 4;

    /// <summary>How long a server may take to come back, and how often it is asked.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_betweenAttempts = TimeSpan.FromMilliseconds(50);

    private readonly Chance _chance = new(seed);
    private readonly CutCounts[] _groups = [new(), new(), new()];
    private readonly List<string> _violations = [];

    /// <summary>Plain writes, by size.</summary>
    public TearTable Table { get; } = new(target.GrainBytes, target.LargestCutBytes);

    public int Cuts { get; private set; }

    /// <summary>How many cuts left what the contract forbids, whatever the atomic unit.</summary>
    public int Broken { get; private set; }

    /// <summary>The first sentences of the oracle.</summary>
    public IReadOnlyList<string> Violations => _violations;

    public CutCounts CountsOf(CutGroup group) => _groups[(int)group];

    public async Task RunAsync(int cuts)
    {
        CutPlan plan = new(target, Table, generations, _chance);

        // What is on the disk after a cut can't be lost any more: not counted, but it makes the first content certain.
        await CycleAsync(static () => { });
        byte[] first = ReadSpan();
        while (Cuts < cuts)
        {
            ClientLog log = new(new TraceGeometry(target.SpanBytes, new AtomicityPromise(target.GrainBytes, target.GrainBytes)));
            List<CutWrite> writes = plan.Draw();

            // It stays open over the cut: a server may flush when a client leaves.
            using (NbdClient client = target.Open(LoadConnection.Patience))
            {
                Write(client, writes, log);
                await CycleAsync(() =>
                {
                    log.Cut();
                    client.Dispose();
                });
            }

            byte[] image = ReadSpan();
            Judge(log, first, image);
            writes.ForEach(w => Count(w, first, image));
            first = image;
            Cuts++;
        }
    }

    private async Task CycleAsync(Action isOff)
    {
        await power.CutAsync(_chance.Next());
        isOff();
        await power.RestoreAsync();
        await WaitForServerAsync();
    }

    /// <summary>One after another, and a flush between those that it is to cover and the rest: on a connection of its own where
    /// the server says that it covers all.</summary>
    private void Write(NbdClient client, List<CutWrite> writes, ClientLog log)
    {
        bool needsFlush = writes.Exists(static w => w.Group == CutGroup.Flushed);
        foreach (CutWrite write in writes)
        {
            if (needsFlush && write.Group != CutGroup.Flushed)
            {
                Flush(client, log);
                needsFlush = false;
            }

            bool isFua = write.Group == CutGroup.Fua;
            int operation = log.Send("", StepKind.Write, write.OffsetBytes, write.Payload.Length, isFua, write.Payload);
            ProbeTarget.Expect(
                client.Write(write.OffsetBytes, write.Payload, isFua ? NbdCommandFlags.Fua : NbdCommandFlags.None), "a write");
            log.Answer(operation);
        }
    }

    private void Flush(NbdClient writer, ClientLog log)
    {
        using NbdClient? other = target.Has(NbdTransmissionFlags.CanMultiConn) ? target.Open(LoadConnection.Patience) : null;
        int operation = log.SendFlush("");
        ProbeTarget.Expect((other ?? writer).Flush(), "a flush");
        log.Answer(operation);
    }

    private byte[] ReadSpan()
    {
        using NbdClient client = target.Open(LoadConnection.Patience);
        byte[] bytes = new byte[target.SpanBytes];
        int piece = (int)Math.Min(PieceBytes, target.Export.BlockSizes.MaximumPayloadBytes) / target.GrainBytes * target.GrainBytes;
        for (int at = 0; at < bytes.Length; at += piece)
        {
            ProbeTarget.Expect(client.Read(at, bytes.AsSpan(at, Math.Min(piece, bytes.Length - at))), "a read");
        }

        return bytes;
    }

    private async Task WaitForServerAsync()
    {
        for (TimeSpan waited = TimeSpan.Zero; ; waited += s_betweenAttempts)
        {
            try
            {
                target.Open(LoadConnection.Patience).Dispose();
                return;
            }
            catch (Exception e) when (waited < s_patience
                && e is IOException or InvalidDataException or NbdNegotiationException or System.Net.Sockets.SocketException)
            {
                await Task.Delay(s_betweenAttempts);
            }
        }
    }

    private void Judge(ClientLog log, byte[] first, byte[] image)
    {
        Verdict verdict = OutsideOracle.Judge(log, ImageOf(first), ImageOf(image));
        if (!verdict.IsLegal)
        {
            Broken++;
            string[] told = verdict.Violations.Count == 0 ? [verdict.Message] : [.. verdict.Violations.Select(static v => v.Text)];
            _violations.AddRange(told.Take(MaxTold - _violations.Count));
        }
    }

    private void Count(CutWrite write, byte[] first, byte[] image)
    {
        ReadOnlySpan<byte> before = first.AsSpan((int)write.OffsetBytes, write.Payload.Length);
        ReadOnlySpan<byte> after = image.AsSpan((int)write.OffsetBytes, write.Payload.Length);
        int kept = after.CommonPrefixLength(write.Payload);
        int lost = after.CommonPrefixLength(before);
        CutCounts counts = CountsOf(write.Group);
        long? tornAt = null;
        if (kept == after.Length)
        {
            counts.Kept++;
        }
        else if (lost == after.Length)
        {
            counts.Lost++;
        }
        else
        {
            counts.Torn++;
            tornAt = write.OffsetBytes + Math.Max(kept, lost);
        }

        if (write.Group == CutGroup.Plain)
        {
            Table.Sizes.First(s => s.WriteBytes == write.Payload.Length).Add(write.OffsetBytes, tornAt);
        }
    }

    private static ExtentImage ImageOf(byte[] bytes)
    {
        ExtentImage image = new();
        image.Append(0, bytes);
        return image;
    }
}

using System.Numerics;
using BlockEmu.Cli.Load;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Probe;

/// <summary>The export under the probe: its facts, and connections to it.</summary>
internal sealed class ProbeTarget
{
    private const int SmallestGrainBytes = 512;

    private readonly NbdUri _uri;

    public ProbeTarget(ProbeSettings settings)
    {
        _uri = settings.Uri;
        using NbdClient client = Open(LoadConnection.Patience);
        Export = client.Export!;
        Demand(!Export.Flags.HasFlag(NbdTransmissionFlags.ReadOnly), "the export is read-only");
        uint minimum = Math.Max(1, Export.BlockSizes.MinimumBytes);
        Demand(BitOperations.IsPow2(minimum), $"its minimum block, {minimum}, is no power of two");
        GrainBytes = (int)Math.Max(SmallestGrainBytes, minimum);
        int payload = (int)BitOperations.RoundUpToPowerOf2((Export.BlockSizes.MaximumPayloadBytes / 2) + 1);
        SpanBytes = Math.Min(settings.SpanBytes, Export.SizeBytes) / GrainBytes * GrainBytes;
        long roomBytes = (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, SpanBytes / 8)) / 2;
        Demand(roomBytes >= GrainBytes, $"{SpanBytes} bytes have no room for writes of {GrainBytes}");
        LargestBytes = (int)Math.Min(Math.Min(settings.LargestBytes, payload), roomBytes);
        LargestCutBytes = Math.Min(settings.LargestCutBytes, LargestBytes);
    }

    public NbdExport Export { get; }

    /// <summary>The smallest write, and the unit in which content is told apart.</summary>
    public int GrainBytes { get; }

    public long SpanBytes { get; }

    public int LargestBytes { get; }

    public int LargestCutBytes { get; }

    public bool Has(NbdTransmissionFlags flag) => Export.Flags.HasFlag(flag);

    /// <summary>A connection in transmission.</summary>
    /// <param name="patience">How long any one send or receive may take.</param>
    public NbdClient Open(TimeSpan patience)
    {
        NbdClient client = _uri.Connect(patience);
        try
        {
            client.Go(_uri.Export, NbdInfoType.Export, NbdInfoType.BlockSize);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Whether a second client is served beside the first.</summary>
    public bool TakesTwo()
    {
        List<NbdClient> clients = OpenSome(2);
        clients.ForEach(static c => c.Dispose());
        return clients.Count == 2;
    }

    /// <summary>As many as wanted, or as the server takes: at least one.</summary>
    public List<NbdClient> OpenSome(int count)
    {
        List<NbdClient> clients = [Open(LoadConnection.Patience)];
        try
        {
            while (clients.Count < count)
            {
                clients.Add(Open(TimeSpan.FromSeconds(1)));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or NbdNegotiationException or System.Net.Sockets.SocketException)
        {
            // One client at a time, or so many: what there is has to do.
        }

        return clients;
    }

    /// <summary>A success, or the end of the probe.</summary>
    public static void Expect(NbdError error, string what)
    {
        if (error != NbdError.None)
        {
            throw new LoadFailedException($"{what} was answered with {error}");
        }
    }

    private void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CliException(ExitCodes.Usage, $"{_uri}: {otherwise}");
        }
    }
}

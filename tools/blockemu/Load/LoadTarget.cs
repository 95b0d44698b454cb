using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>One server's export under load. Everything that goes wrong is a <see cref="CliException"/> that names it.</summary>
internal sealed class LoadTarget(NbdUri uri)
{
    private static readonly LoadCase s_fill = new("fill", 1 << 20, 4, ReadPercent: 0) { IsSequential = true };

    public NbdUri Uri { get; } = uri;

    /// <summary>Why this target can't run this case; <see langword="null"/> = it can.</summary>
    public string? FindObstacle(LoadCase load, long spanBytes) => Guard(() =>
    {
        using NbdClient client = Open(load);
        NbdExport export = client.Export!;
        long span = SpanOf(export, spanBytes);
        return load switch
        {
            _ when load.Writes && export.Flags.HasFlag(NbdTransmissionFlags.ReadOnly) => "the export is read-only",
            { IsFua: true } when !export.Flags.HasFlag(NbdTransmissionFlags.SendFua) => "the server offers no FUA",
            { FlushEvery: > 0 } when !export.Flags.HasFlag(NbdTransmissionFlags.SendFlush) => "the server offers no flush",
            _ when load.BlockBytes > export.BlockSizes.MaximumPayloadBytes =>
                $"{load.BlockBytes} bytes are more than the server's largest payload, {export.BlockSizes.MaximumPayloadBytes}",
            _ when load.BlockBytes % Math.Max(1, export.BlockSizes.MinimumBytes) != 0 =>
                $"{load.BlockBytes} bytes are no multiple of the server's block, {export.BlockSizes.MinimumBytes}",
            _ when span / load.Connections < load.BlockBytes =>
                $"{span} bytes have no room for {load.Connections} x {load.BlockBytes}",
            _ when Uri.IsTls && load.ReadPercent is > 0 and < 100
                && (long)load.BlockBytes * load.Depth > StreamWire.MaxMixedBytes =>
                $"over TLS, reads and writes mix up to {StreamWire.MaxMixedBytes} bytes in flight on a connection",
            _ => null,
        };
    });

    /// <summary>Measures once.</summary>
    public LoadSample Measure(LoadCase load, LoadSettings settings, ulong seed) => Guard(() =>
    {
        List<LoadConnection> connections = [];
        try
        {
            for (int i = 0; i < load.Connections; i++)
            {
                connections.Add(Open(load, settings.SpanBytes, i, seed));
            }

            RunAll(connections, () => LoadWindow.FromNow(settings.WarmUp, settings.Duration));
            return LoadSample.From(connections);
        }
        finally
        {
            connections.ForEach(static c => c.Dispose());
        }
    });

    /// <summary>Writes the span once, so that reads find data.</summary>
    public void Fill(long spanBytes, ulong seed) => Guard(() =>
    {
        using NbdClient probe = Open(s_fill);
        long span = SpanOf(probe.Export!, spanBytes);
        long block = Math.Min(s_fill.BlockBytes, probe.Export!.BlockSizes.MaximumPayloadBytes);
        LoadCase load = s_fill with { BlockBytes = (int)Math.Min(block, span) };
        using LoadConnection connection = Open(load, span, 0, seed);
        connection.Fill(span / load.BlockBytes);
        return connection.Counts.FirstError == NbdError.None
            ? true
            : throw new LoadFailedException($"the span can't be written: {connection.Counts.FirstError}");
    });

    private static long SpanOf(NbdExport export, long spanBytes) => Math.Min(spanBytes, export.SizeBytes);

    private LoadConnection Open(LoadCase load, long spanBytes, int index, ulong seed)
    {
        NbdClient client = Open(load);
        long span = SpanOf(client.Export!, spanBytes);
        long partBytes = load.IsSequential ? span / load.Connections / load.BlockBytes * load.BlockBytes : span;
        long firstBytes = load.IsSequential ? partBytes * index : 0;
        return new LoadConnection(client, load, (firstBytes, partBytes), seed + ((ulong)index << 32));
    }

    private NbdClient Open(LoadCase load)
    {
        NbdClient client = Uri.Connect(LoadConnection.Patience);
        try
        {
            if (load.IsStructured)
            {
                client.UseStructuredReplies();
            }

            client.Go(Uri.Export, NbdInfoType.Export, NbdInfoType.BlockSize);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>A thread for each; the first failure is everyone's.</summary>
    private static void RunAll(List<LoadConnection> connections, Func<LoadWindow> open)
    {
        Exception? failure = null;
        LoadWindow window = default;
        using Barrier allThere = new(connections.Count, _ => window = open());
        Thread[] threads =
        [
            .. connections.Select(connection => new Thread(() =>
            {
                try
                {
                    allThere.SignalAndWait();
                    connection.Run(window);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, e, null);
                }
            })),
        ];
        Array.ForEach(threads, static t => t.Start());
        Array.ForEach(threads, static t => t.Join());
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private T Guard<T>(Func<T> use) => ExportGuard.Run(Uri, use);
}

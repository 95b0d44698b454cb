using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>The data path allocates nothing once it has warmed up: neither in the front end nor in the disk.</summary>
[Collection(Alone)]
public sealed class NbdAllocationTests
{
    public const string Alone = "What the whole process allocates";

    private const int MostAttempts = 40;
    private const long SpanBytes = 16 << 20;

    // The smallest object has 24 bytes: less than one in twenty-four requests is none on the path.
    private const double MostBytesPerRequest = 1;

    public static TheoryData<bool, NbdReplyStyle, NbdCommand, bool, int, int> Rows()
    {
        TheoryData<bool, NbdReplyStyle, NbdCommand, bool, int, int> rows = [];
        foreach (bool onFile in (bool[])[false, true])
        {
            foreach (NbdReplyStyle style in (NbdReplyStyle[])[NbdReplyStyle.Simple, NbdReplyStyle.Structured])
            {
                rows.Add(onFile, style, NbdCommand.Flush, false, 0, 20_000);
                rows.Add(onFile, style, NbdCommand.Write, true, 4096, 20_000);
                foreach (NbdCommand command in (NbdCommand[])[NbdCommand.Read, NbdCommand.Write])
                {
                    rows.Add(onFile, style, command, false, 4096, 20_000);
                    rows.Add(onFile, style, command, false, 64 << 10, 4_000);
                    rows.Add(onFile, style, command, false, 1 << 20, 1_000);
                }
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Requests_of_one_kind_allocate_nothing_in_the_server(
        bool onFile, NbdReplyStyle style, NbdCommand command, bool isFua, int lengthBytes, int requestCount)
    {
        using TempFolder folder = new();
        await using NbdBench bench = new();
        bench.Serve(new DiskOptions
        {
            Name = "steady",
            SizeBytes = SpanBytes,
            CacheBytes = 4 << 20,
            FilePath = onFile ? folder.File("image") : null,
            SyncToHost = false,
        });
        Fill(bench);
        NbdClient client = bench.Connect(unix: true);
        NbdBench.Use(client, style);
        client.Go("steady");
        using SteadyLoad load = new(client, style, command, isFua ? NbdCommandFlags.Fua : NbdCommandFlags.None, lengthBytes, SpanBytes);
        load.Run(requestCount); // buffers, pools and the code itself grow to what they stay at
        double least = double.MaxValue;

        // On a busy machine it takes its time until the last method is compiled for good.
        for (int attempt = 0; attempt < MostAttempts && least > MostBytesPerRequest; attempt++)
        {
            least = Math.Min(least, (double)AllocationMeter.MeasureOthers(() => load.Run(requestCount)) / requestCount);
        }

        Assert.InRange(least, double.MinValue, MostBytesPerRequest);
    }

    private static void Fill(NbdBench bench)
    {
        using NbdClient client = bench.Open("steady", unix: true);
        using SteadyLoad fill = new(client, NbdReplyStyle.Simple, NbdCommand.Write, NbdCommandFlags.None, 1 << 20, SpanBytes);
        fill.Run((int)(SpanBytes >> 20));
    }
}

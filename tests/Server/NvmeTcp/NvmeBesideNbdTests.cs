using System.Diagnostics;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Tests.Nbd;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>One connection over NVMe/TCP beside one over NBD, with clients of the same make: commands a second, and processor time of
/// client and server together. For people: figures are printed and not judged, and only those of BLOCKEMU_TEST_LONG=1 on a quiet machine
/// mean anything.</summary>
[Collection(NbdAllocationTests.Alone)]
public sealed class NvmeBesideNbdTests(ITestOutputHelper output)
{
    private const long SpanBytes = 64 << 20;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1";
    private static readonly long s_bytesPerRun = s_isLong ? 640 << 20 : 4 << 20;
    private static readonly int s_rounds = s_isLong ? 9 : 1;

    [Theory]
    [InlineData(4096, false)]
    [InlineData(4096, true)]
    [InlineData(16 << 10, false)]
    [InlineData(16 << 10, true)]
    [InlineData(64 << 10, false)]
    [InlineData(64 << 10, true)]
    public async Task Commands_a_second(int lengthBytes, bool isWrite)
    {
        await using NvmeTcpBench nvme = new(change: o => o with { SizeBytes = SpanBytes });
        await using NbdBench nbd = new();
        nbd.Serve(new DiskOptions { Name = "steady", SizeBytes = SpanBytes, Seed = 7 });
        Fill(nvme, nbd);
        NbdCommand command = isWrite ? NbdCommand.Write : NbdCommand.Read;
        using SteadyLoad overNbd = new(nbd.Open("steady"), NbdReplyStyle.Simple, command, NbdCommandFlags.None, lengthBytes, SpanBytes);
        using NvmeSteadyLoad overNvme = new(
            nvme.Connect(o => o with { DisablesFlowControl = true }), isWrite ? NvmeIoOpcode.Write : NvmeIoOpcode.Read, false, lengthBytes, SpanBytes);
        int count = (int)(s_bytesPerRun / lengthBytes);
        List<(Figure Nbd, Figure Nvme)> figures = [];
        for (int i = 0; i <= s_rounds; i++)
        {
            figures.Add((Measure(overNbd.Run, count), Measure(overNvme.Run, count)));
        }

        figures.RemoveAt(0);
        output.WriteLine(
            $"{lengthBytes >> 10} KiB {(isWrite ? "writes" : "reads")}: "
            + $"NBD {Median(figures.Select(f => f.Nbd.PerSecond)):F0}/s, NVMe/TCP {Median(figures.Select(f => f.Nvme.PerSecond)):F0}/s, "
            + $"ratio {Median(figures.Select(f => f.Nvme.PerSecond / f.Nbd.PerSecond)):F2}; processor "
            + $"{Median(figures.Select(f => f.Nbd.ProcessorUs)):F2} and {Median(figures.Select(f => f.Nvme.ProcessorUs)):F2} us, "
            + $"ratio {Median(figures.Select(f => f.Nvme.ProcessorUs / f.Nbd.ProcessorUs)):F2}");
    }

    private static void Fill(NvmeTcpBench nvme, NbdBench nbd)
    {
        using NvmeSteadyLoad overNvme = new(nvme.Connect(), NvmeIoOpcode.Write, false, 1 << 20, SpanBytes);
        using SteadyLoad overNbd = new(nbd.Open("steady"), NbdReplyStyle.Simple, NbdCommand.Write, NbdCommandFlags.None, 1 << 20, SpanBytes);
        overNvme.Run((int)(SpanBytes >> 20));
        overNbd.Run((int)(SpanBytes >> 20));
    }

    private static Figure Measure(Action<int> run, int count)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long startedAt = Stopwatch.GetTimestamp();
        run(count);
        double seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        return new Figure(count / seconds, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / count);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(s_rounds / 2);

    private readonly record struct Figure(double PerSecond, double ProcessorUs);
}

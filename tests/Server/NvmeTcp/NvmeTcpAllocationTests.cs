using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>The data path allocates nothing once it has warmed up: neither in the front end nor in the disk.</summary>
[Collection(NbdAllocationTests.Alone)]
public sealed class NvmeTcpAllocationTests
{
    private const int MostAttempts = 40;
    private const long SpanBytes = 16 << 20;

    // The smallest object has 24 bytes: less than one in twenty-four commands is none on the path.
    private const double MostBytesPerCommand = 1;

    public static TheoryData<bool, NvmeIoOpcode, bool, int, int> Rows()
    {
        TheoryData<bool, NvmeIoOpcode, bool, int, int> rows = [];
        foreach (bool onFile in (bool[])[false, true])
        {
            rows.Add(onFile, NvmeIoOpcode.Flush, false, 0, 20_000);
            rows.Add(onFile, NvmeIoOpcode.Write, true, 4096, 20_000);
            foreach (NvmeIoOpcode opcode in (NvmeIoOpcode[])[NvmeIoOpcode.Read, NvmeIoOpcode.Write])
            {
                rows.Add(onFile, opcode, false, 4096, 20_000);
                rows.Add(onFile, opcode, false, 64 << 10, 4_000);
                rows.Add(onFile, opcode, false, 1 << 20, 1_000);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Commands_of_one_kind_allocate_nothing_in_the_server(
        bool onFile, NvmeIoOpcode opcode, bool isFua, int lengthBytes, int commandCount)
    {
        using TempFolder folder = new();
        await using NvmeTcpBench bench = new(change: o => o with
        {
            SizeBytes = SpanBytes,
            CacheBytes = 4 << 20,
            FilePath = onFile ? folder.File("image") : null,
            SyncToHost = false,
        });
        using (NvmeSteadyLoad fill = new(bench.Connect(), NvmeIoOpcode.Write, false, 1 << 20, SpanBytes))
        {
            fill.Run((int)(SpanBytes >> 20));
        }

        using NvmeSteadyLoad load = new(bench.Connect(o => o with { DisablesFlowControl = true }), opcode, isFua, lengthBytes, SpanBytes);
        load.Run(commandCount); // buffers, pools and the code itself grow to what they stay at
        double least = double.MaxValue;

        // On a busy machine it takes its time until the last method is compiled for good.
        for (int attempt = 0; attempt < MostAttempts && least > MostBytesPerCommand; attempt++)
        {
            least = Math.Min(least, (double)AllocationMeter.MeasureOthers(() => load.Run(commandCount)) / commandCount);
        }

        Assert.InRange(least, double.MinValue, MostBytesPerCommand);
    }
}

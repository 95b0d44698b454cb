using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Cli.Tests.Probe;

/// <summary><c>blockemu probe</c> finds what our own disk was told to be, for twelve kinds of disk, from outside.</summary>
public sealed class ProbeSettingTests : IDisposable
{
    private const string Honest = """
        "flush": "honoured", "fua": "honoured", "contract": "kept", "unfinishedWrite": "not seen", "readerGoesBack": "not seen",
        "readersBesideReaders": "yes", "readersBesideWriters": "yes", "writersBesideWriters": "yes"
        """;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(512)]
    [InlineData(4 << 10)]
    [InlineData(16 << 10)]
    [InlineData(64 << 10)]
    public Task The_unit_that_survives_a_cut_is_found(int awupf) => FindsAsync(
        DiskOf(awupf),
        $$"""{ "cache": "yes", "cutUnitBytes": {{awupf}}, "cutBoundaryBytes": 0, "readUnitBytes": { "atLeast": {{awupf}} } }""");

    [Fact]
    public Task It_is_found_where_most_is_kept() =>
        FindsAsync(DiskOf(32 << 10) with { Loss = LossModel.Random(0.9) }, """{ "cutUnitBytes": 32768 }""");

    [Fact]
    public Task A_boundary_at_power_fail_is_found() => FindsAsync(
        DiskOf(16 << 10, nabspf: 32 << 10), """{ "cutUnitBytes": 512, "cutBoundaryBytes": 32768 }""");

    [Fact]
    public Task In_multiple_atomicity_mode_the_boundary_is_the_unit() => FindsAsync(
        new DiskOptions
        {
            Name = "disk0",
            SizeBytes = DiskBytes,
            Seed = 7,
            Atomicity = new AtomicityParameters
            {
                AwunBytes = 16 << 10,
                AwupfBytes = 16 << 10,
                AcwuBytes = 16 << 10,
                NabsnBytes = 16 << 10,
                NabspfBytes = 16 << 10,
                Mam = true,
            },
        },
        """{ "cutUnitBytes": 512, "cutBoundaryBytes": 16384 }""");

    [Fact]
    public Task Blocks_of_4096_bytes_are_a_boundary_for_writes_of_512() => FindsAsync(
        DiskOf(4 << 10) with { BlockSizeBytes = 4096 }, """{ "cutUnitBytes": 512, "cutBoundaryBytes": 4096 }""");

    [Fact]
    public Task Without_a_cache_nothing_is_lost() =>
        FindsAsync(DiskOf(4 << 10) with { CacheBytes = 0 }, """{ "cache": "not seen", "cutUnitBytes": "untested" }""");

    [Fact]
    public Task Where_all_is_lost_no_unit_can_be_seen() => FindsAsync(
        DiskOf(4 << 10) with { Loss = LossModel.LoseAll }, """{ "cache": "yes", "cutUnitBytes": "untested" }""");

    [Fact]
    public Task Where_all_is_kept_no_cache_can_be_seen() => FindsAsync(
        DiskOf(4 << 10) with { Loss = LossModel.KeepAll }, """{ "cache": "not seen", "cutUnitBytes": "untested" }""");

    [Fact]
    public Task An_ordered_device_keeps_the_contract_too() =>
        FindsAsync(DiskOf(4 << 10) with { Loss = LossModel.Fifo }, """{ "cache": "yes" }""");

    private const long DiskBytes = 32 << 20;

    private static DiskOptions DiskOf(int awupf, int nabspf = 0) => new()
    {
        Name = "disk0",
        SizeBytes = DiskBytes,
        Seed = 7,
        Atomicity = new AtomicityParameters { AwunBytes = awupf, AwupfBytes = awupf, AcwuBytes = awupf, NabspfBytes = nabspf },
    };

    private async Task FindsAsync(DiskOptions disk, string expected)
    {
        await File.WriteAllTextAsync(_file, $"{expected[..expected.LastIndexOf('}')]}, {Honest} }}");
        await using CliServer server = await CliServer.StartAsync(disk: disk);
        CliRun run = await server.RunAsync(
            "probe", $"{server.Nbd}/disk0", "--destroy-data", "--disk", "disk0", "--expect", _file, "--span", "32M",
            "--seconds", "0.2", "--largest", "128K", "--largest-cut", "128K", "--cuts", "20", "--seed", "1");
        run.Is(ExitCodes.Fine);
        Assert.Contains("as expected", run.Output, StringComparison.Ordinal);
    }
}

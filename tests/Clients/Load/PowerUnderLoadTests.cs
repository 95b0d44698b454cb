namespace BlockEmu.Clients.Tests.Load;

/// <summary>150 power cuts at random instants while four connections write: every platter is legal by the event log
/// and by the clients' own logs.</summary>
public sealed class PowerUnderLoadTests
{
    private const int Cuts = 10;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public Task Ten_cuts_of_a_memory_disk_leave_what_was_promised(ulong seed) => CutAsync(seed, isFile: false);

    [Theory]
    [InlineData(101)]
    [InlineData(102)]
    public Task Ten_cuts_of_a_file_disk_leave_what_was_promised(ulong seed) => CutAsync(seed, isFile: true);

    [Theory]
    [InlineData(301, false)]
    [InlineData(302, false)]
    [InlineData(303, false)]
    [InlineData(304, false)]
    [InlineData(305, true)]
    public Task Ten_cuts_of_a_disk_over_NBD_and_NVMe_at_once_leave_what_was_promised(ulong seed, bool isFile) =>
        CutAsync(seed, isFile, hasNvme: true);

    private static async Task CutAsync(ulong seed, bool isFile, bool hasNvme = false)
    {
        await using LoadBench bench = new(seed, isFile, hasNvme);
        int required = 0;
        int pending = 0;
        for (int round = 0; round < Cuts; round++)
        {
            (int Required, int Pending) result = bench.CutOnce(round);
            required += result.Required;
            pending += result.Pending;
        }

        // A run in which nothing was promised, or nothing could be lost, tested nothing.
        Assert.True(required > 0, $"seed {seed}: no block was ever confirmed as safe");
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {required} safe blocks, {pending} pending commands over {Cuts} cuts");
    }
}

using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>The same through the admin interface, as a user does it: cut under load, the same cut with other seeds, and every
/// bundle judged offline.</summary>
public sealed class RecutOverHttpTests
{
    private const ulong Seed = 301;
    private const int Recuts = 20;
    private const ulong MaxRounds = 20;

    [Fact]
    public async Task A_cut_under_load_and_twenty_recuts_give_bundles_that_hold()
    {
        DiskOptions options = LiveServer.DefaultDisk with { SizeBytes = LoadCrew.DiskBytes, Loss = LossModel.Default };
        await using LiveServer server = await LiveServer.StartAsync(options, hasAdmin: true);
        using CutByHttp power = new($"{server.Host.AdminEndpoint}");
        LoadCrew crew = new(new TraceGeometry(options.SizeBytes, TraceRecorder.PromiseOf(options)), options.EffectiveAtomicity.AwunBytes);
        (int report, long pending) = await CutUnderLoadAsync(server, power, crew, Seed);
        for (ulong round = 1; pending == 0; round++)
        {
            // The cut fell right behind a flush: nothing was pending, so there is nothing to judge in different ways.
            Assert.True(round < MaxRounds, "every cut fell behind a flush");
            crew.Restart(await power.GetPlatterAsync());
            await power.PowerOnAsync();
            (report, pending) = await CutUnderLoadAsync(server, power, crew, Seed + (1000 * round));
        }

        using TempFolder folder = new();
        List<string> bundles = [await JudgeAsync(power, folder, report)];
        crew.Judge(await power.GetPlatterAsync(), $"seed {Seed}");
        for (ulong i = 1; i <= Recuts; i++)
        {
            (int recut, _) = await power.RecutAsync(Seed + i);
            bundles.Add(await JudgeAsync(power, folder, recut));
            crew.Judge(await power.GetPlatterAsync(), $"recut with seed {Seed + i}");
        }

        string program = Path.Combine(AppContext.BaseDirectory, "blockemu.dll");
        foreach (string bundle in (string[])[bundles[0], bundles[^1]])
        {
            await ProgramRun.SucceedAsync("dotnet", program, "check", bundle);
        }
    }

    private static async Task<(int Report, long Pending)> CutUnderLoadAsync(
        LiveServer server, CutByHttp power, LoadCrew crew, ulong seed)
    {
        using Crossing crossing = new(900);
        crew.Start([server.EndPoint(Transport.Tcp), server.EndPoint(Transport.Unix)], seed, crossing);
        Assert.True(crossing.Wait(LiveServer.Patience), "the load does not get on");
        crew.ExpectLoss();
        (int Report, long Pending) answer = await power.CutAsync(seed);
        crew.ForbidMore();
        crew.Finish($"seed {seed}");
        Assert.True(crew.RequiredCount > 0, "no block was confirmed as safe");
        return answer;
    }

    private static async Task<string> JudgeAsync(CutByHttp power, TempFolder folder, int report)
    {
        byte[] bytes = await power.JudgeAsync(report);
        string file = folder.File($"report-{report}.bundle");
        await File.WriteAllBytesAsync(file, bytes);
        return file;
    }
}

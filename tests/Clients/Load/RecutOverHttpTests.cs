using System.Net.Http.Json;
using System.Text.Json;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Bundles;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>The same through the admin interface, as a user does it: cut under load, the same cut with other seeds, and every
/// bundle judged offline.</summary>
public sealed class RecutOverHttpTests
{
    private const ulong Seed = 301;
    private const int Recuts = 20;
    private const ulong MaxRounds = 20;
    private static readonly Uri _platter = new("platter", UriKind.Relative);

    [Fact]
    public async Task A_cut_under_load_and_twenty_recuts_give_bundles_that_hold()
    {
        DiskOptions options = LiveServer.DefaultDisk with { SizeBytes = LoadCrew.DiskBytes, Loss = LossModel.Default };
        await using LiveServer server = await LiveServer.StartAsync(options, hasAdmin: true);
        using HttpClient http = new() { BaseAddress = new Uri($"http://{server.Host.AdminEndpoint}/api/v1/disks/{LiveServer.DiskName}/") };
        LoadCrew crew = new(options.BlockSizeBytes);
        (int report, long pending) = await CutUnderLoadAsync(server, http, crew, Seed);
        for (ulong round = 1; pending == 0; round++)
        {
            // The cut fell right behind a flush: nothing was pending, so there is nothing to judge in different ways.
            Assert.True(round < MaxRounds, "every cut fell behind a flush");
            crew.Restart(await http.GetByteArrayAsync(_platter));
            (await http.PostAsync(new Uri("power/on", UriKind.Relative), null)).EnsureSuccessStatusCode();
            (report, pending) = await CutUnderLoadAsync(server, http, crew, Seed + (1000 * round));
        }

        using TempFolder folder = new();
        List<string> bundles = [await JudgeAsync(http, folder, report)];
        crew.Judge(await http.GetByteArrayAsync(_platter), $"seed {Seed}");
        for (ulong i = 1; i <= Recuts; i++)
        {
            (int recut, _) = await PostAsync(http, "power/recut", new { seed = Seed + i });
            bundles.Add(await JudgeAsync(http, folder, recut));
            crew.Judge(await http.GetByteArrayAsync(_platter), $"recut with seed {Seed + i}");
        }

        string program = Path.Combine(AppContext.BaseDirectory, "blockemu.dll");
        foreach (string bundle in (string[])[bundles[0], bundles[^1]])
        {
            await ProgramRun.SucceedAsync("dotnet", program, "check", bundle);
        }
    }

    private static async Task<(int Report, long Pending)> CutUnderLoadAsync(
        LiveServer server, HttpClient http, LoadCrew crew, ulong seed)
    {
        using Crossing crossing = new(900);
        crew.Start([server.EndPoint(Transport.Tcp), server.EndPoint(Transport.Unix)], seed, crossing);
        Assert.True(crossing.Wait(LiveServer.Patience), "the load does not get on");
        crew.ExpectLoss();
        (int Report, long Pending) answer = await PostAsync(http, "power/cut", new { seed, clients = "reset" });
        crew.ForbidMore();
        crew.Finish($"seed {seed}");
        Assert.True(crew.RequiredCount > 0, "no block was confirmed as safe");
        return answer;
    }

    /// <returns>The report's number, and how many commands it has.</returns>
    private static async Task<(int Report, long Pending)> PostAsync(HttpClient http, string path, object body)
    {
        using HttpResponseMessage answer = await http.PostAsJsonAsync(path, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}: {text}");
        using JsonDocument json = JsonDocument.Parse(text);
        return (json.RootElement.GetProperty("number").GetInt32(), json.RootElement.GetProperty("pendingTotal").GetInt64());
    }

    private static async Task<string> JudgeAsync(HttpClient http, TempFolder folder, int report)
    {
        byte[] bytes = await http.GetByteArrayAsync(new Uri($"reports/{report}/bundle", UriKind.Relative));
        using MemoryStream stream = new(bytes);
        Bundle bundle = Bundle.Read(stream);
        BundleVerdict verdict = BundleJudge.Judge(bundle);
        Assert.True(verdict.IsGood, $"report {report}: {verdict.Message}");
        Assert.NotEmpty(bundle.Manifest.Pending);
        string file = folder.File($"report-{report}.bundle");
        await File.WriteAllBytesAsync(file, bytes);
        return file;
    }
}

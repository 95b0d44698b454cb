using System.Text.Json;
using BlockEmu.Device;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

/// <summary>What HTTP, the metrics and the log say of an image that went away, and of a cut that could not be judged.</summary>
public sealed class LostImageEndpointTests : IAsyncLifetime
{
    private const string DiskPath = "/api/v1/disks/disk0";
    private const string Power = $"{DiskPath}/power";

    private readonly TempFolder _folder = new();
    private TestServer _server = null!;

    private string Image => Path.Combine(_folder.Path, "image");

    public async ValueTask InitializeAsync() =>
        _server = await TestServer.StartAsync("--disk", $"name=disk0,size=1M,medium=file:{Image}");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private static JsonElement Problem(Answer answer, int status, string says)
    {
        JsonElement problem = answer.IsProblem(status);
        Assert.Contains(says, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        return problem;
    }

    private void MoveAway() => File.Move(Image, Image + ".away");

    private void MoveBack() => File.Move(Image + ".away", Image);

    private async Task<string> MetricAsync(string name) =>
        (await _server.GetAsync("/metrics")).Text.Split('\n').Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ')[1];

    [Fact]
    public async Task A_lost_image_is_a_failed_disk_that_says_why_and_comes_back_with_it()
    {
        MoveAway();
        Disk disk = _server.Disk();
        Assert.Equal(DiskStatus.MediumError, disk.Flush(disk.PowerEpoch));
        foreach (string path in (string[])[DiskPath, Power])
        {
            JsonElement state = (await _server.GetAsync(path)).IsOk();
            Assert.Equal("failed", state.GetProperty("state").GetString());
            Assert.Contains("deleted or moved away", state.GetProperty("reason").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("1", await MetricAsync("blockemu_disk_failed{"));
        Answer refused = await _server.PostAsync($"{Power}/on");
        Assert.Equal("failed", Problem(refused, 409, "deleted or moved away").GetProperty("state").GetString());
        Problem(await _server.SendAsync(HttpMethod.Delete, DiskPath), 500, "force");
        MoveBack();
        Assert.Equal("on", (await _server.PostAsync($"{Power}/on")).IsOk().GetProperty("state").GetString());
        Assert.Equal("0", await MetricAsync("blockemu_disk_failed{"));
        Assert.False((await _server.GetAsync(DiskPath)).IsOk().TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task A_cut_that_could_not_be_judged_says_so_until_a_recut_succeeds()
    {
        _server.Fill(0, 4096, 1);
        MoveAway();
        Answer cut = await _server.PostAsync($"{Power}/cut", """{"loss":"keep-all"}""");
        Assert.Equal("off", Problem(cut, 500, "the power is off, and the cut could not be judged").GetProperty("state").GetString());
        JsonElement power = (await _server.GetAsync(Power)).IsOk();
        Assert.Equal(("off", false, 1), (
            power.GetProperty("state").GetString(), power.GetProperty("judged").GetBoolean(), power.GetProperty("cuts").GetInt32()));
        Assert.Contains("deleted or moved away", power.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("1", await MetricAsync("""blockemu_cuts_total{disk="disk0",loss="keep-all"}"""));
        Assert.Equal("1", await MetricAsync("blockemu_cuts_not_judged_total{"));
        Problem(await _server.PostAsync($"{Power}/on"), 409, "lose-all");
        (await _server.PostAsync($"{Power}/on", """{"accept":"everything"}""")).IsProblem(400, "accept");
        Problem(await _server.PostAsync($"{Power}/cycle"), 409, "off already");
        MoveBack();
        Assert.Equal(1, (await _server.PostAsync($"{Power}/recut", """{"loss":"keep-all"}""")).IsOk().GetProperty("commandsKept").GetInt32());
        Assert.Equal("1", await MetricAsync("blockemu_cut_atoms_kept_total{"));
        Assert.Equal("0", await MetricAsync("blockemu_recuts_total{"));
        (await _server.PostAsync($"{Power}/on")).IsOk();
        Assert.Equal(1, _server.Read(0, 1)[0]);
    }

    [Fact]
    public async Task The_loss_of_all_can_be_accepted_by_name()
    {
        _server.Fill(0, 4096, 1);
        MoveAway();
        Problem(await _server.PostAsync($"{Power}/cut", """{"loss":"keep-all"}"""), 500, "could not be judged");
        Problem(await _server.PostAsync($"{Power}/on", """{"accept":"lose-all"}"""), 409, "deleted or moved away");
        MoveBack();
        (await _server.PostAsync($"{Power}/on", """{"accept":"lose-all"}""")).IsOk();
        Assert.Equal(0, _server.Read(0, 1)[0]);
    }

    [Fact]
    public async Task A_failed_disk_can_be_given_up()
    {
        _server.Fill(0, 4096, 1);
        File.Delete(Image);
        Problem(await _server.PostAsync($"{Power}/shutdown"), 500, "the flush failed");
        Assert.Equal(204, (int)(await _server.SendAsync(HttpMethod.Delete, $"{DiskPath}?force=true")).Response.StatusCode);
    }
}

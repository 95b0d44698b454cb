using System.Text.Json;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class PowerEndpointTests : IAsyncLifetime
{
    private const string Power = "/api/v1/disks/disk0/power";
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=1M,seed=7");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_cut_answers_with_its_report_when_the_disk_is_off()
    {
        _server.Fill(0, 4096, 1);
        _server.Fill(4096, 4096, 2, fua: true);
        JsonElement report = (await _server.PostAsync($"{Power}/cut", """{"seed":1,"loss":"lose-all","clients":"error"}""")).IsOk();
        Assert.Equal(PowerState.Off, _server.Disk().PowerState);
        Assert.Equal((1, 1UL, "lose-all", false), (
            report.GetProperty("number").GetInt32(), report.GetProperty("seed").GetUInt64(),
            report.GetProperty("loss").GetString(), report.GetProperty("isRecut").GetBoolean()));
        Assert.Equal((0, 1, 1), (
            report.GetProperty("commandsKept").GetInt32(), report.GetProperty("commandsLost").GetInt32(), report.GetProperty("atomsLost").GetInt64()));
        JsonElement pending = Assert.Single(report.GetProperty("pending").EnumerateArray());
        Assert.Equal(("write", "lost", 0L, 4096L), (
            pending.GetProperty("kind").GetString(), pending.GetProperty("outcome").GetString(),
            pending.GetProperty("offsetBytes").GetInt64(), pending.GetProperty("lengthBytes").GetInt64()));

        JsonElement power = (await _server.GetAsync(Power)).IsOk();
        Assert.Equal(("off", "error"), (power.GetProperty("state").GetString(), power.GetProperty("clients").GetString()));
        (await _server.PostAsync($"{Power}/on")).IsOk();
        Assert.Equal(0, _server.Read(0, 1)[0]);
        Assert.Equal(2, _server.Read(4096, 1)[0]);
    }

    [Fact]
    public async Task Without_a_body_a_cut_takes_the_disks_seed_and_model()
    {
        JsonElement report = (await _server.PostAsync($"{Power}/cut")).IsOk();
        Assert.Equal("random:0.5", report.GetProperty("loss").GetString());
        using BlockEmu.Device.Disk twin = new(new() { Name = "twin", SizeBytes = 1 << 20, Seed = 7 });
        Assert.Equal(twin.Cut().Seed, report.GetProperty("seed").GetUInt64());
    }

    [Fact]
    public async Task A_seed_may_be_a_string_of_64_bits()
    {
        JsonElement report = (await _server.PostAsync($"{Power}/cut", """{"seed":"18446744073709551615"}""")).IsOk();
        Assert.Equal(ulong.MaxValue, report.GetProperty("seed").GetUInt64());
    }

    [Theory]
    [InlineData("cut", """{"seed":-1}""", "seed")]
    [InlineData("cut", """{"seed":"abc"}""", "seed")]
    [InlineData("cut", """{"seed":18446744073709551616}""", "seed")]
    [InlineData("cut", """{"seed":1.5}""", "seed")]
    [InlineData("cut", """{"seed":true}""", "seed")]
    [InlineData("cut", """{"loss":"half"}""", "loss")]
    [InlineData("cut", """{"loss":0.5}""", "loss")]
    [InlineData("cut", """{"clients":"explode"}""", "clients")]
    [InlineData("cut", """{"sed":1}""", "sed")]
    [InlineData("cycle", """{"offMs":-1}""", "offMs")]
    [InlineData("cycle", """{"offMs":600001}""", "offMs")]
    [InlineData("cycle", """{"offMs":"1"}""", "offMs")]
    [InlineData("shutdown", """{"seed":1}""", "seed")]
    [InlineData("on", """{"seed":1}""", "seed")]
    [InlineData("cut", "[]", null)]
    [InlineData("cut", "7", null)]
    [InlineData("cut", "{", null)]
    [InlineData("cut", """{"seed":1,"seed":2}""", null)]
    public async Task A_wrong_body_names_the_field_and_the_power_stays_on(string move, string body, string? field)
    {
        (await _server.PostAsync($"{Power}/{move}", body)).IsProblem(400, field);
        Assert.Equal(PowerState.On, _server.Disk().PowerState);
        Assert.Empty(_server.Disk().Reports);
    }

    [Fact]
    public async Task A_move_that_makes_no_sense_is_a_conflict_and_changes_nothing()
    {
        Assert.Equal("on", (await _server.PostAsync($"{Power}/on")).IsProblem(409).GetProperty("state").GetString());
        (await _server.PostAsync($"{Power}/recut")).IsProblem(409);
        (await _server.PostAsync($"{Power}/cut", """{"clients":"hang"}""")).IsOk();
        foreach (string move in (string[])["cut", "shutdown", "cycle"])
        {
            Assert.Equal("off", (await _server.PostAsync($"{Power}/{move}", """{"clients":"error"}""")).IsProblem(409).GetProperty("state").GetString());
        }

        Assert.Equal(OffBehaviour.Hang, _server.Control().Served.OffBehaviour);
        Assert.Single(_server.Disk().Reports);
    }

    [Fact]
    public async Task After_an_orderly_shutdown_there_is_nothing_to_judge_again()
    {
        _server.Fill(0, 4096, 1);
        Assert.Equal("off", (await _server.PostAsync($"{Power}/shutdown")).IsOk().GetProperty("state").GetString());
        (await _server.PostAsync($"{Power}/recut")).IsProblem(409);
        (await _server.PostAsync($"{Power}/on")).IsOk();
        Assert.Equal(1, _server.Read(0, 1)[0]);
    }

    [Fact]
    public async Task A_recut_gives_another_state_of_the_same_cut_and_the_same_again_for_the_same_seed()
    {
        for (int i = 0; i < 64; i++)
        {
            _server.Fill(i * 4096, 4096, 1);
        }

        JsonElement first = (await _server.PostAsync($"{Power}/cut", """{"seed":1}""")).IsOk();
        JsonElement second = (await _server.PostAsync($"{Power}/recut", """{"seed":2}""")).IsOk();
        JsonElement third = (await _server.PostAsync($"{Power}/recut", """{"seed":1}""")).IsOk();
        Assert.Equal((1, 1, true), (second.GetProperty("cut").GetInt32(), third.GetProperty("cut").GetInt32(), third.GetProperty("isRecut").GetBoolean()));
        Assert.Equal(3, third.GetProperty("number").GetInt32());
        Assert.NotEqual(Outcomes(first), Outcomes(second));
        Assert.Equal(Outcomes(first), Outcomes(third));
    }

    [Fact]
    public async Task What_clients_see_is_the_disks_own_again_at_the_next_cut()
    {
        (await _server.PostAsync($"{Power}/cycle", """{"clients":"hang"}""")).IsOk();
        (await _server.PostAsync($"{Power}/cut")).IsOk();
        Assert.Equal(OffBehaviour.Reset, _server.Control().Served.OffBehaviour);
    }

    [Fact]
    public async Task A_cycle_waits_and_returns_the_power()
    {
        ManualTime time = new();
        await using TestServer server = await TestServer.StartAsync(time, "--disk", "size=1M");
        Task<Answer> cycle = server.PostAsync($"{Power}/cycle", """{"offMs":5000}""");
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(PowerState.Off, server.Disk().PowerState);
        time.Fire();
        Assert.Equal(1, (await cycle).IsOk().GetProperty("number").GetInt32());
        Assert.Equal(PowerState.On, server.Disk().PowerState);
    }

    private static string Outcomes(JsonElement report) =>
        string.Join(',', report.GetProperty("pending").EnumerateArray().Select(p => p.GetProperty("outcome").GetString()));
}

using System.Net.Http.Json;
using System.Text.Json;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Oracle.Bundles;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Power moves of a server's disk as a user makes them, over HTTP.</summary>
/// <param name="admin">Host and port.</param>
internal sealed class CutByHttp(string admin) : IDisposable
{
    private static readonly Uri _platter = new("platter", UriKind.Relative);

    private readonly HttpClient _http =
        new() { BaseAddress = new Uri($"http://{admin}/api/v1/disks/{LiveServer.DiskName}/") };

    /// <summary>Cuts; clients are reset.</summary>
    /// <returns>The report's number, and how many commands it has.</returns>
    public Task<(int Report, long Pending)> CutAsync(ulong seed) => PostAsync("power/cut", new { seed, clients = "reset" });

    /// <summary>Judges the same cut with another seed.</summary>
    /// <returns>The report's number, and how many commands it has.</returns>
    public Task<(int Report, long Pending)> RecutAsync(ulong seed) => PostAsync("power/recut", new { seed });

    public async Task PowerOnAsync() => (await _http.PostAsync(new Uri("power/on", UriKind.Relative), null)).EnsureSuccessStatusCode();

    /// <summary>What the disk holds while it is off.</summary>
    public Task<byte[]> GetPlatterAsync() => _http.GetByteArrayAsync(_platter);

    /// <summary>A report's bundle, of which the oracle finds that it holds.</summary>
    public async Task<byte[]> JudgeAsync(int report)
    {
        byte[] bytes = await _http.GetByteArrayAsync(new Uri($"reports/{report}/bundle", UriKind.Relative));
        using MemoryStream stream = new(bytes);
        Bundle bundle = Bundle.Read(stream);
        BundleVerdict verdict = BundleJudge.Judge(bundle);
        Assert.True(verdict.IsGood, $"report {report}: {verdict.Message}");
        return bytes;
    }

    public void Dispose() => _http.Dispose();

    private async Task<(int Report, long Pending)> PostAsync(string path, object body)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(path, body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}: {text}");
        using JsonDocument json = JsonDocument.Parse(text);
        return (json.RootElement.GetProperty("number").GetInt32(), json.RootElement.GetProperty("pendingTotal").GetInt64());
    }
}

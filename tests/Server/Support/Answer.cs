using System.Text.Json;

namespace BlockEmu.Server.Tests.Support;

/// <summary>An HTTP answer, whole.</summary>
internal sealed record Answer(int Status, string? ContentType, byte[] Bytes, HttpResponseMessage Response)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(), response);

    public JsonElement IsOk(int status = 200)
    {
        Assert.True(Status == status, $"{status} was expected: {Status} {Text}");
        return Bytes.Length == 0 ? default : Json;
    }

    /// <summary>A problem detail that names the field at fault, if one is.</summary>
    public JsonElement IsProblem(int status, string? field = null)
    {
        Assert.True(Status == status, $"{status} was expected: {Status} {Text}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(Json.GetProperty("detail").GetString()));
        Assert.Equal(field, Json.TryGetProperty("field", out JsonElement named) ? named.GetString() : null);
        return Json;
    }
}

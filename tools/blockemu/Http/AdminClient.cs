using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Http;

/// <summary>Speaks to a server's HTTP interface; every failure is a <see cref="CliException"/> with the right exit code.</summary>
internal sealed class AdminClient : IDisposable
{
    private const string UnixPrefix = "unix:";

    private readonly HttpClient _http;
    private readonly string _where;

    private AdminClient(HttpClient http, string where)
    {
        _http = http;
        _where = where;
    }

    public static AdminClient Create(string admin, string? tokenFile)
    {
        string? socketPath = admin.StartsWith(UnixPrefix, StringComparison.Ordinal) ? admin[UnixPrefix.Length..] : null;
        Uri? address = null;
        if (socketPath is null
            && (!Uri.TryCreate(admin, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https")))
        {
            throw new CliException(ExitCodes.Usage, $"--admin: '{admin}' is neither a URL such as {SharedOptions.DefaultAdmin} nor unix:PATH");
        }

        string? token = tokenFile is null ? null : ReadToken(tokenFile);
#pragma warning disable CA2000 // The client owns its handler.
        HttpClient http = new(CreateHandler(socketPath))
        {
            BaseAddress = address ?? new Uri("http://localhost"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
#pragma warning restore CA2000
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return new AdminClient(http, admin);
    }

    /// <summary>The answer's JSON, as it came.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, null);
        return await ReadAsync(response);
    }

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement> PostAsync(string path, Dictionary<string, object> body)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Post, path, JsonText.Write(body));
        return await ReadAsync(response);
    }

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonElement> PatchAsync(string path, Dictionary<string, object> body)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Patch, path, JsonText.Write(body));
        return await ReadAsync(response);
    }

    /// <summary>Copies a binary answer into a stream.</summary>
    public async Task DownloadAsync(string path, Stream destination)
    {
        using HttpResponseMessage response = await SendAsync(HttpMethod.Get, path, null);
        await using Stream source = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await ReadPieceAsync(source, buffer)) > 0)
        {
            await destination.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private async Task<int> ReadPieceAsync(Stream source, byte[] buffer)
    {
        try
        {
            return await source.ReadAsync(buffer);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative));
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await DescribeAsync(response);
        }
    }

    private async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        try
        {
            byte[] bytes = await response.Content.ReadAsByteArrayAsync();
            if (JsonUnicode.FindFault(bytes) is var (path, detail))
            {
                throw new JsonException($"{path.TrimStart('.')}: {detail}");
            }

            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCodes.Unreachable, $"what answers there is no BlockEmu server: {e.Message}", e);
        }
    }

    /// <summary>The request was at fault (2), or the state or the server was (1).</summary>
    private async Task<CliException> DescribeAsync(HttpResponseMessage response)
    {
        int exit = response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Gone || (int)response.StatusCode >= 500
            ? ExitCodes.DoesNotHold
            : ExitCodes.Usage;
        string text;
        try
        {
            text = await response.Content.ReadAsStringAsync();
        }
        catch (HttpRequestException e)
        {
            return Unreachable(e);
        }

        return new CliException(exit, JsonText.FindDetail(text) ?? $"the server answered {(int)response.StatusCode}");
    }

    private CliException Unreachable(Exception e) =>
        new(ExitCodes.Unreachable, $"cannot reach the server at {_where}: {e.InnerException?.Message ?? e.Message}", e);

    private static SocketsHttpHandler CreateHandler(string? socketPath)
    {
        SocketsHttpHandler handler = new() { UseProxy = false, AllowAutoRedirect = false };
        if (socketPath is not null)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        return handler;
    }

    private static string ReadToken(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException(ExitCodes.Usage, $"--token-file: cannot read '{path}': {e.Message}", e);
        }
    }

    public void Dispose() => _http.Dispose();
}

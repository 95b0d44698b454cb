using System.Net;
using System.Security.Cryptography;
using System.Text;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Admin;

/// <summary>Stands before every handler: a web page elsewhere must not be able to cut the power, nor anybody without
/// the token where one is set.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Host: an IP address, <c>localhost</c>, or a name given with <c>--admin-host</c>. Any other name
/// may have been pointed here by a page's author (DNS rebinding). Not asked over a Unix socket.</description></item>
/// <item><description>Origin, where there is one: the same host and port. Browsers send it with every POST.</description></item>
/// <item><description>A body is <c>application/json</c> (a platter <c>application/octet-stream</c>): types that no
/// form can send.</description></item>
/// <item><description>The token, compared in constant time.</description></item>
/// </list>
/// </remarks>
internal sealed class AdminGuard(RequestDelegate next, ListenEndpoint endpoint, ServerOptions options)
{
    private const string Json = "application/json";
    private const string Octets = "application/octet-stream";

    private readonly byte[]? _tokenHash = options.AdminToken is { } token ? Hash(token) : null;

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        CheckHost(context.Request);
        CheckOrigin(context.Request);
        CheckToken(context);
        CheckContentType(context.Request);
        return next(context);
    }

    private void CheckHost(HttpRequest request)
    {
        if (endpoint.UnixPath is not null)
        {
            return;
        }

        string host = request.Host.Host;
        if (!IPAddress.TryParse(host.Trim('[', ']'), out _)
            && !host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            && !options.AdminHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw ApiException.Create(
                StatusCodes.Status403Forbidden,
                $"the Host '{request.Host}' is neither an IP address, nor localhost, nor a name given with --admin-host");
        }
    }

    private static void CheckOrigin(HttpRequest request)
    {
        string? origin = request.Headers.Origin;
        if (origin is not null && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.Create(StatusCodes.Status403Forbidden, $"requests from pages of '{origin}' are not taken");
        }
    }

    private void CheckToken(HttpContext context)
    {
        if (_tokenHash is null || context.Request.Path.Value is "/healthz" or "/readyz")
        {
            return;
        }

        const string Scheme = "Bearer ";
        string? header = context.Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            || !CryptographicOperations.FixedTimeEquals(Hash(header[Scheme.Length..].Trim()), _tokenHash))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw ApiException.Create(
                StatusCodes.Status401Unauthorized,
                header is null ? "Authorization: Bearer TOKEN is needed" : "the token is not the right one");
        }
    }

    private static void CheckContentType(HttpRequest request)
    {
        // No length and no transfer coding: no body (RFC 9112, 6.3). A length of 0 carries nothing either.
        bool hasBody = request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0;
        if (!hasBody)
        {
            return;
        }

        bool isPlatter = HttpMethods.IsPut(request.Method)
            && request.Path.Value?.EndsWith("/platter", StringComparison.Ordinal) == true;
        string wanted = isPlatter ? Octets : Json;
        ReadOnlySpan<char> type = request.ContentType ?? "";
        int semicolon = type.IndexOf(';');
        if (!(semicolon < 0 ? type : type[..semicolon]).Trim().Equals(wanted, StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.Create(
                StatusCodes.Status415UnsupportedMediaType,
                $"the body must be {wanted} (curl: -H 'Content-Type: {wanted}'); it is '{request.ContentType}'",
                "Content-Type");
        }
    }

    /// <summary>Equal lengths for the comparison, whatever was sent.</summary>
    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

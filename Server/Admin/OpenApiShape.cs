using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BlockEmu.Server.Admin;

/// <summary>What the OpenAPI document says beyond the endpoints.</summary>
internal static class OpenApiShape
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info.Title = "BlockEmu";
        document.Info.Version = "1";
        document.Info.Description = "Virtual disks whose power can be cut. Errors are RFC 9457 problem details.";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes["token"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "Where the server was started with --admin-token-file; all but /healthz and /readyz.",
        };
        return Task.CompletedTask;
    });
}

using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Admin.Connections;
using BlockEmu.Server.Admin.Disks;
using BlockEmu.Server.Admin.Json;
using BlockEmu.Server.Admin.Map;
using BlockEmu.Server.Admin.Platter;
using BlockEmu.Server.Admin.Power;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Admin.Reports;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlockEmu.Server.Admin;

/// <summary>The HTTP interface: Kestrel with what it needs and nothing that reads the environment or the directory.</summary>
internal sealed class AdminServer
{
    // From the first byte of a request to the end of its headers.
    private static readonly TimeSpan HeadersPatience = TimeSpan.FromSeconds(5);

    // Between two requests, and before the first.
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;
    private readonly AdminState _state;
    private readonly IDisposable _metrics;

    private AdminServer(WebApplication app, AdminState state, IDisposable metrics, ListenEndpoint endpoint)
    {
        _app = app;
        _state = state;
        _metrics = metrics;
        Endpoint = endpoint;
    }

    /// <summary>The bound endpoint, with the real port.</summary>
    public ListenEndpoint Endpoint { get; }

    /// <summary>Starts to serve. Throws <see cref="StartupException"/> when the endpoint cannot be had.</summary>
    public static async Task<AdminServer> StartAsync(
        ListenEndpoint endpoint, ServerOptions options, DiskDirectory disks, ProtocolErrors protocolErrors,
        TimeProvider time, ILoggerFactory loggers)
    {
        ClaimSocket(endpoint);
        AdminState state = new(disks, time);
        AdminConnections connections = new(protocolErrors, time, loggers.CreateLogger<AdminServer>());
        WebApplication app = Build(endpoint, connections, loggers);
        BlockEmuMetrics metrics = new(disks, protocolErrors);
        app.Use(next => context => connections.AnswerAsync(context, next));
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<AdminGuard>(endpoint, options);
        app.UseRouting();
        HealthEndpoints.Map(app, state);
        DiskEndpoints.Map(app, state);
        PowerEndpoints.Map(app, state);
        ReportEndpoints.Map(app, state);
        PlatterEndpoints.Map(app, state);
        MapEndpoint.Map(app, state);
        MetricsEndpoint.Map(app, metrics);
        app.MapOpenApi();
        try
        {
            await app.StartAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await app.DisposeAsync();
            metrics.Dispose();
            throw new StartupException($"--admin: cannot listen on {endpoint}: {Describe(e)}", e);
        }

        state.Set(AdminPhase.Serving);
        return new AdminServer(app, state, metrics, FindBound(app, endpoint));
    }

    /// <summary>From now on not ready; waits that only time would end are ended.</summary>
    public void AnnounceStop() => _state.Set(AdminPhase.Stopping);

    public async Task StopAsync(TimeSpan grace)
    {
        AnnounceStop();
        using CancellationTokenSource deadline = new(grace);
        await _app.StopAsync(deadline.Token);
        await _app.DisposeAsync();
        _metrics.Dispose();
        _state.Dispose();
    }

    private static WebApplication Build(ListenEndpoint endpoint, AdminConnections connections, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(static sockets => sockets.CreateBoundListenSocket = AdminListener.Bind);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = JsonBody.MaxBytes;
            kestrel.Limits.RequestHeadersTimeout = HeadersPatience;
            kestrel.Limits.KeepAliveTimeout = IdlePatience;
            if (endpoint.UnixPath is { } path)
            {
                kestrel.ListenUnixSocket(Path.GetFullPath(path), Configure);
            }
            else
            {
                kestrel.Listen((IPEndPoint)endpoint.EndPoint, Configure);
            }
        });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(static json =>
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, AdminJson.Readable));
        builder.Services.AddOpenApi("v1", OpenApiShape.Configure);
        return builder.Build();

        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection => connections.ServeAsync(connection, next));
        }
    }

    /// <summary>A socket that a killed server left behind must not keep this one from listening.</summary>
    private static void ClaimSocket(ListenEndpoint endpoint)
    {
        if (endpoint.UnixPath is not { } path)
        {
            return;
        }

        try
        {
            UnixSocketFile.Claim(path);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            throw new StartupException($"--admin: address in use: {Describe(e)}", e);
        }
    }

    private static ListenEndpoint FindBound(WebApplication app, ListenEndpoint asked)
    {
        if (asked.UnixPath is not null)
        {
            return asked;
        }

        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return ListenEndpoint.TryParse(new Uri(address).Authority, out ListenEndpoint? bound) ? bound! : asked;
    }

    /// <summary>Kestrel wraps the host's error; the innermost says it in the fewest words.</summary>
    private static string Describe(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message.ReplaceLineEndings(" ");
    }
}

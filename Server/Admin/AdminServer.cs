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
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlockEmu.Server.Admin;

/// <summary>The HTTP interface: Kestrel with what it needs and nothing that reads the environment or the directory.</summary>
internal sealed class AdminServer
{
    // From the first byte of a request to the end of its headers.
    private static readonly TimeSpan HeadersPatience = TimeSpan.FromSeconds(5);

    // Between two requests, and before the first.
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(60);

    private const int Backlog = 512;

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
#pragma warning disable CA2000 // Kestrel's, once it has started.
        Socket socket = Listen(endpoint);
#pragma warning restore CA2000
        AdminState state = new(disks, time);
        AdminConnections connections = new(protocolErrors, time, loggers.CreateLogger<AdminServer>());
        WebApplication app = Build(endpoint, socket, connections, loggers);
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
            socket.Dispose();
            await app.DisposeAsync();
            metrics.Dispose();
            throw new StartupException($"--admin: cannot listen on {endpoint}: {Describe(e)}", e);
        }

        state.Set(AdminPhase.Serving);
        return new AdminServer(app, state, metrics, BoundEndpoint(socket, endpoint));
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

    private static WebApplication Build(ListenEndpoint endpoint, Socket socket, AdminConnections connections, ILoggerFactory loggers)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();

        // Bound already, by the rules of the other listeners: an address that is taken is one line, and Kestrel has none to tell.
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = _ => socket);
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

    /// <summary>Throws <see cref="StartupException"/> when the address cannot be had.</summary>
    internal static Socket Listen(ListenEndpoint endpoint)
    {
        try
        {
            Socket socket = BoundSocket.Listen(endpoint, Backlog, out _);
            if (socket.ProtocolType == ProtocolType.Tcp)
            {
                SocketKeepAlive.Begin(socket); // what it accepts inherits it
            }

            return socket;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            throw new StartupException($"--admin: cannot listen on {endpoint}: {Describe(e)}", e);
        }
    }

    private static ListenEndpoint BoundEndpoint(Socket socket, ListenEndpoint asked) =>
        asked.UnixPath is null && ListenEndpoint.TryParse($"{socket.LocalEndPoint}", out ListenEndpoint? bound) ? bound! : asked;

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

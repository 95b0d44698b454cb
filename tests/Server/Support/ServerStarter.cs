using System.Net.Sockets;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.Support;

/// <summary>Starts a server with exactly these options.</summary>
internal sealed class ServerStarter(params string[] arguments)
{
    public Task<ServerHost> StartAsync()
    {
        string[] nbd = arguments.Contains("--nbd") ? [] : ["--nbd", "none"];
        ServerOptions options = new CommandLine().Parse([.. arguments, .. nbd], TextWriter.Null)!;
        return ServerHost.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public HttpClient ConnectUnix(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://anything"),
    };
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>The built program on a host that gives it no more memory (<c>RLIMIT_AS</c>).</summary>
public sealed class HostWithoutMemoryTests : IDisposable
{
    private const int PieceBytes = 1 << 20;
    private const long LeftBytes = 400 << 20;

    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(PieceBytes)]
    [InlineData(8192)]
    public async Task A_write_is_ENOMEM_its_connection_and_other_disks_go_on_and_a_cut_works(int pieceBytes)
    {
        string prlimit = Tool.Find("prlimit");
        string nbd = _folder.File("nbd.sock");
        string admin = _folder.File("admin.sock");
        using ChildServer server = ChildServer.Start(
            "--nbd", $"unix:{nbd}", "--admin", $"unix:{admin}", "--disk", "name=a,size=4G,seed=1", "--disk", "name=b,size=1G");
        using StreamReader said = new(server.Wire, Encoding.UTF8, false, 1024, leaveOpen: true);
        while ((await said.ReadLineAsync(TestContext.Current.CancellationToken))?.StartsWith("HTTP on", StringComparison.Ordinal) != true)
        {
            // What it says before it serves.
        }

        using NbdClient a = new(Connect(nbd));
        using NbdClient b = new(Connect(nbd));
        a.Go("a");
        b.Go("b");
        Assert.Equal(NbdError.None, b.Write(0, NbdBench.Pattern(4096)));
        await LimitAsync(prlimit, server.ProcessId);

        byte[] piece = NbdBench.Pattern(pieceBytes);
        long offset = 0;
        NbdError error = NbdError.None;
        while (offset < 2 * LeftBytes && (error = a.Write(offset, piece)) == NbdError.None)
        {
            offset += pieceBytes;
        }

        Assert.Equal(NbdError.NoMemory, error);
        Assert.True(offset > 0);
        Assert.Equal(NbdError.NoMemory, a.Write(offset + (64 << 20), piece));

        byte[] found = new byte[pieceBytes];
        Assert.Equal(NbdError.None, a.Read(offset - pieceBytes, found));
        Assert.Equal(piece, found);
        Assert.Equal(NbdError.None, b.Write(0, NbdBench.Pattern(4096)));
        Assert.Equal(NbdError.None, b.Read(0, found.AsSpan(0, 4096).ToArray()));

        using HttpClient http = new ServerStarter().ConnectUnix(admin);
        using HttpResponseMessage cut = await http.PostAsync(
            new Uri("/api/v1/disks/a/power/cut", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.True(cut.IsSuccessStatusCode, await cut.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using HttpResponseMessage on = await http.PostAsync(
            new Uri("/api/v1/disks/a/power/on", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.True(on.IsSuccessStatusCode, await on.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await server.SignalAsync("TERM");
        (int exitCode, string errors) = await server.EndAsync();
        Assert.Equal((0, ""), (exitCode, errors));
    }

    public void Dispose() => _folder.Dispose();

    private static NetworkStream Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task LimitAsync(string prlimit, int process)
    {
        string size = File.ReadAllLines($"/proc/{process}/status").Single(static l => l.StartsWith("VmSize:", StringComparison.Ordinal));
        long bytes = (long.Parse(size["VmSize:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10) + LeftBytes;
        using Process run = Process.Start(prlimit, ["--pid", $"{process}", $"--as={bytes}"]);
        await run.WaitForExitAsync();
        Assert.Equal(0, run.ExitCode);
    }
}

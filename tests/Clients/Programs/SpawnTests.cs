using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>Clients that start the server themselves: on their own socket or pipes, or by handing over one that listens.</summary>
public sealed class SpawnTests : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private const int ImageBytes = 16 << 20;

    // A listening TCP socket becomes descriptor 3 of the server, as systemd would have it.
    private const string HandOver =
        """
        import os, socket, sys
        listening = socket.create_server(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        os.dup2(listening.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="nbd")
        os.execv(sys.argv[1], sys.argv[1:])
        """;

    private static readonly string _server = Path.Combine(AppContext.BaseDirectory, "blockemu-server");

    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Libnbd_starts_it_on_a_socket_on_two_pipes_and_by_socket_activation()
    {
        ProgramRun run = await LibnbdScript.RunAsync(isNewer: false, "libnbd_spawn.py", _server, _folder.File("image"));
        Assert.True(run.Errors.Length == 0, run.Everything);
    }

    [Fact]
    public async Task Nbdinfo_starts_it_and_nothing_else_stands_on_standard_output()
    {
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--json", "--", "[", _server, "--disk", $"size={ImageBytes}", "]");
        using JsonDocument json = JsonDocument.Parse(run.Output);
        JsonElement export = Assert.Single(json.RootElement.GetProperty("exports").EnumerateArray());
        Assert.Equal(ImageBytes, export.GetProperty("export-size").GetInt64());
        Assert.Equal("", run.Errors);
    }

    [Fact]
    public async Task Nbdcopy_starts_one_to_write_and_one_to_read()
    {
        string image = _folder.WriteHoley("image", ImageBytes, seed: 13);
        string medium = $"medium=file:{_folder.File("disk")},sync=none";
        await ProgramRun.SucceedAsync("nbdcopy", image, "--", "[", _server, "--disk", $"size={ImageBytes},{medium}", "]");

        // It did not ask for a flush: the server's orderly end is one.
        await ProgramRun.SucceedAsync("cmp", image, _folder.File("disk"));
        await ProgramRun.SucceedAsync("nbdcopy", "--", "[", _server, "--disk", medium, "]", _folder.File("back"));
        await ProgramRun.SucceedAsync("cmp", image, _folder.File("back"));
    }

    [Fact]
    public async Task A_listening_TCP_socket_is_served_beside_what_the_options_name_and_outlives_a_client()
    {
        Tool.RequireThat(File.Exists(Python), $"{Python} is not there");
        string path = _folder.File("nbd.sock");
        using Process process = Process.Start(new ProcessStartInfo(
            Python, ["-c", HandOver, _server, "--disk", "size=1M", "--nbd", $"unix:{path}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            string port = (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
            IPEndPoint endPoint = new(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
            WriteOne(endPoint);
            using (NbdClient other = NbdClient.Connect(new System.Net.Sockets.UnixDomainSocketEndPoint(path), LiveServer.Patience))
            {
                other.Go("disk0");
                byte[] found = new byte[1];
                Assert.Equal(NbdError.None, other.Read(0, found));
                Assert.Equal(1, found[0]);
            }

            WriteOne(endPoint);
            await ProgramRun.SucceedAsync("kill", "-TERM", process.Id.ToString(CultureInfo.InvariantCulture));
            Assert.Equal("", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
            Assert.Equal("", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    private static void WriteOne(IPEndPoint endPoint)
    {
        using NbdClient client = NbdClient.Connect(endPoint, LiveServer.Patience);
        client.Go("");
        Assert.Equal(NbdError.None, client.Write(0, [1]));
    }
}

using System.Globalization;
using System.Net;
using System.Text.Json;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>Real clients with TLS: GnuTLS at their side, whose opinions on certificates and records are not ours.</summary>
public sealed class TlsTests
{
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "blockemu-server");

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Nbdinfo_comes_in_with_TLS_and_without_it_is_told_nothing(Transport transport)
    {
        await using TlsServer server = await TlsServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--json", server.Uri(transport));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.True(json.RootElement.GetProperty("TLS").GetBoolean(), run.Everything);
        Assert.True(json.RootElement.GetProperty("structured").GetBoolean(), run.Everything);
        Assert.Equal(LiveServer.DiskBytes, json.RootElement.GetProperty("exports")[0].GetProperty("export-size").GetInt64());
        await ProgramRun.SucceedAsync("nbdinfo", "--is", "tls", server.Uri(transport));
        ProgramRun plain = await ProgramRun.StartAsync("nbdinfo", server.Live.Uri(transport));
        Assert.True(plain.ExitCode == 1 && !plain.Output.Contains("export-size", StringComparison.Ordinal), plain.Everything);
    }

    [Fact]
    public async Task Nbdinfo_lists_a_TLS_only_disk_with_TLS_and_not_without()
    {
        await using TlsServer server = await TlsServer.StartAsync(NbdTlsMode.Selective);
        ProgramRun plain = await ProgramRun.SucceedAsync("nbdinfo", "--list", server.Live.Uri(Transport.Tcp, ""));
        Assert.True(plain.Output.Contains(LiveServer.ReadOnlyName, StringComparison.Ordinal), plain.Everything);
        Assert.False(plain.Output.Contains(TlsServer.SecretName, StringComparison.Ordinal), plain.Everything);
        ProgramRun secured = await ProgramRun.SucceedAsync("nbdinfo", "--list", server.Uri(Transport.Tcp, ""));
        Assert.True(secured.Output.Contains(TlsServer.SecretName, StringComparison.Ordinal), secured.Everything);
        Assert.Equal(1, (await ProgramRun.StartAsync("nbdinfo", "--size", server.Live.Uri(Transport.Tcp, TlsServer.SecretName))).ExitCode);
        ProgramRun size = await ProgramRun.SucceedAsync("nbdinfo", "--size", server.Uri(Transport.Tcp, TlsServer.SecretName));
        Assert.Equal($"{TlsServer.SecretBytes}", size.Output.Trim());
    }

    [Fact]
    public async Task Client_certificates_are_wanted_and_a_client_without_one_stays_outside()
    {
        await using TlsServer server = await TlsServer.StartAsync(wantsClientCertificates: true);
        await ProgramRun.SucceedAsync("nbdinfo", server.Uri(Transport.Tcp));
        ProgramRun nameless = await ProgramRun.StartAsync(
            "nbdinfo", server.Uri(Transport.Tcp, certificates: server.WriteFolderWithoutClient()));
        Assert.True(nameless.ExitCode == 1 && !nameless.Output.Contains("export-size", StringComparison.Ordinal), nameless.Everything);
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Nbdcopy_copies_there_and_back_over_several_connections(Transport transport)
    {
        await using TlsServer server = await TlsServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", (int)LiveServer.DiskBytes, seed: 21);
        await ProgramRun.SucceedAsync("nbdcopy", "--flush", image, server.Uri(transport));
        await server.Live.LosePowerAsync();
        await ProgramRun.SucceedAsync("nbdcopy", server.Uri(transport), folder.File("back"));
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Libnbd_comes_with_four_connections_and_starts_the_server_itself(bool isNewer)
    {
        await using TlsServer server = await TlsServer.StartAsync(wantsClientCertificates: true);
        await LibnbdScript.RunAsync(isNewer, "libnbd_tls.py", "localhost", Port(server), LiveServer.DiskName, server.Certificates, _program);
    }

    [Fact]
    public async Task L5_L7_P19_libnbd_asks_for_TLS_in_the_middle_and_finds_all_it_had_negotiated_forgotten()
    {
        await using TlsServer server = await TlsServer.StartAsync(NbdTlsMode.Selective);
        await LibnbdScript.RunAsync(isNewer: true, "libnbd_starttls.py", "localhost", Port(server), server.Certificates);
    }

    [Fact]
    public async Task Nbdsh_reads_what_it_wrote()
    {
        await using TlsServer server = await TlsServer.StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync(
            await LibnbdScript.FindPythonAsync(), "-m", "nbd", "-c", "h.set_uri_allow_local_file(True)",
            "-c", $"h.connect_uri('{server.Uri(Transport.Tcp)}')", "-c", "h.pwrite(b'z' * 4096, 512)",
            "-c", "print(h.pread(4096, 512) == b'z' * 4096, h.get_tls_negotiated())");
        Assert.Equal("True True", run.Output.Trim());
    }

    [Fact]
    public async Task Qemu_writes_and_reads_with_certificates_on_both_sides_and_not_without_TLS()
    {
        await using TlsServer server = await TlsServer.StartAsync(wantsClientCertificates: true);
        string[] tls = ["--object", $"tls-creds-x509,id=tls,endpoint=client,dir={server.Certificates}", "--image-opts"];
        string image = $"driver=raw,file.driver=nbd,file.host=localhost,file.port={Port(server)},file.export=disk0,file.tls-creds=tls";
        ProgramRun run = await ProgramRun.SucceedAsync(
            "qemu-io", [.. tls, "-c", "write -P 0x11 0 9M", "-c", "write -f -P 0x22 1M 64k", "-c", "write -z 256k 128k", "-c", "flush",
            "-c", "read -P 0x11 512k 100k", "-c", "read -P 0x22 1M 64k", "-c", "read -P 0 256k 128k", image]);
        Assert.False(run.Output.Contains("failed", StringComparison.Ordinal), run.Everything);
        using TempFolder folder = new();
        await ProgramRun.SucceedAsync("qemu-img", ["convert", .. tls, "-O", "raw", image, folder.File("copy")]);
        await server.Live.LosePowerAsync();
        await ProgramRun.SucceedAsync("qemu-img", ["compare", .. tls, image, $"driver=raw,file.driver=file,file.filename={folder.File("copy")}"]);
        ProgramRun plain = await ProgramRun.StartAsync("qemu-img", "info", server.Live.Uri(Transport.Tcp));
        Assert.True(plain.ExitCode == 1, plain.Everything);
    }

    [Fact]
    public async Task Nbdkits_nbd_plugin_with_tls_require_is_a_client_like_others()
    {
        await using TlsServer server = await TlsServer.StartAsync(wantsClientCertificates: true);
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", (int)LiveServer.DiskBytes, seed: 22);
        await ProgramRun.SucceedAsync("nbdcopy", image, server.Uri(Transport.Tcp));
        await ProgramRun.SucceedAsync(
            "nbdkit", "--exit-with-parent", "--foreground", "-U", folder.File("proxy.sock"), "nbd", "hostname=localhost", $"port={Port(server)}",
            "export=disk0", "tls=require", $"tls-certificates={server.Certificates}", "--run", $"nbdcopy \"$uri\" '{folder.File("back")}'");
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    private static string Port(TlsServer server) =>
        ((IPEndPoint)server.Live.EndPoint(Transport.Tcp)).Port.ToString(CultureInfo.InvariantCulture);
}

using System.Net;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Tests.NvmeTcp;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>Which hosts may know of a disk: by TLS, which NVMe/TCP does not have here, and by name.</summary>
public sealed class NvmeAdmissionTests : IDisposable
{
    private const string Friend = "nqn.2014-08.org.nvmexpress:uuid:friend";
    private const string Stranger = "nqn.2014-08.org.nvmexpress:uuid:stranger";

    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData("selective")]
    [InlineData("required")]
    public async Task A_disk_for_clients_with_TLS_is_not_there_for_hosts_and_that_is_said(string mode)
    {
        using TestAuthority authority = new();
        authority.WriteTo(_folder.Path);
        using RecordedLog log = new();
        await using ServerHost host = await StartAsync(
            log, "--tls", mode, "--tls-cert", _folder.File("server-cert.pem"), "--tls-key", _folder.File("server-key.pem"),
            "--tls-ca", _folder.File("ca-cert.pem"), "--disk", "name=secret,size=1M,tls", "--disk", "name=open,size=1M", "--nbd", "127.0.0.1:0");
        Assert.Equal([NqnOf("open")], Discover(host, Friend).Select(r => r.SubsystemNqn));
        Assert.Equal((NvmeStatus.ConnectInvalidParameter.Final, 0x0001_0100u), Connect(host, NqnOf("secret"), Friend));
        Assert.True(Connect(host, NqnOf("open"), Friend).Status.IsSuccess);
        Assert.Contains(log.Warnings, w => w.Contains("NVMe: secret is for clients with TLS only", StringComparison.Ordinal));
        Assert.Equal(mode == "required", log.Warnings.Any(w => w.StartsWith("--nvme beside --tls required", StringComparison.Ordinal)));
        string attach = AttachText.Write(host);
        Assert.DoesNotContain(NqnOf("secret"), attach, StringComparison.Ordinal);
        Assert.Contains(NqnOf("open"), attach, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_made_later_for_clients_with_TLS_is_hidden_too()
    {
        using TestAuthority authority = new();
        authority.WriteTo(_folder.Path);
        using RecordedLog log = new();
        await using ServerHost host = await StartAsync(
            log, "--tls", "selective", "--tls-cert", _folder.File("server-cert.pem"), "--tls-key", _folder.File("server-key.pem"),
            "--disk", "size=1M");
        DiskSpec spec = DiskSpecText.Parse("name=late,size=1M,tls", null, out _)!;
        Assert.NotNull(host.Disks.TryOpen(spec));
        Assert.Equal([NqnOf("disk0")], Discover(host, Friend).Select(r => r.SubsystemNqn));
        Assert.False(Connect(host, NqnOf("late"), Friend).Status.IsSuccess);
        Assert.Single(log.Warnings, w => w.Contains("NVMe: late is for clients with TLS only", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_hosts_that_are_named_see_a_disk_and_may_connect()
    {
        using RecordedLog log = new();
        await using ServerHost host = await StartAsync(
            log, "--disk", $"name=a,size=1M,nvme-hosts={Friend};nqn.other", "--disk", "name=b,size=1M");
        Assert.Equal([NqnOf("a"), NqnOf("b")], Discover(host, Friend).Select(r => r.SubsystemNqn));
        Assert.Equal([NqnOf("b")], Discover(host, Stranger).Select(r => r.SubsystemNqn));
        Assert.True(Connect(host, NqnOf("a"), Friend).Status.IsSuccess);

        // Command specific, Connect Invalid Host, DNR (Base 6.3).
        NvmeStatus refusal = Connect(host, NqnOf("a"), Stranger).Status;
        Assert.Equal(new NvmeStatus(1, 0x84, IsFinal: true), refusal);
    }

    [Fact]
    public void A_stranger_gets_no_queue_of_a_controller_either()
    {
        using NvmeBench bench = new();
        ServedDisk disk = bench.Add(new DiskOptions { Name = "a", SizeBytes = 1 << 20 }, [Friend]);
        string nqn = new NvmeIdentity("a").Nqn;
        NvmeController controller = bench.Connect(nqn: nqn, hostNqn: Friend).Queue!.Controller;
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        Assert.Equal(
            NvmeStatus.ConnectInvalidHost.Final, bench.Connect(queueId: 1, controllerId: controller.Id, nqn: nqn, hostNqn: Stranger).Status);
        Assert.NotNull(bench.Connect(queueId: 1, controllerId: controller.Id, nqn: nqn, hostNqn: Friend).Queue);
        Assert.Same(disk, controller.Namespace!.Served);
    }

    [Fact]
    public async Task Hosts_are_named_over_HTTP_and_shown()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        (await server.PostAsync("/api/v1/disks", $$"""{"name":"a","size":"1M","nvme-hosts":["{{Friend}}","nqn.x:y"]}""")).IsOk(201);
        (await server.PostAsync("/api/v1/disks", $$"""{"name":"b","size":"1M","nvme-hosts":"{{Friend}}"}""")).IsOk(201);
        Assert.Equal(
            [Friend, "nqn.x:y"],
            (await server.GetAsync("/api/v1/disks/a")).IsOk().GetProperty("nvme-hosts").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal([Friend], server.Control("b").Served.NvmeHosts!);
        Assert.False((await server.GetAsync("/api/v1/disks/disk0")).IsOk().TryGetProperty("nvme-hosts", out _));
        (await server.PostAsync("/api/v1/disks", """{"name":"c","size":"1M","nvme-hosts":[]}""")).IsProblem(400, "nvme-hosts");
        (await server.PostAsync("/api/v1/disks", """{"name":"c","size":"1M","nvme-hosts":[7]}""")).IsProblem(400, "nvme-hosts");
        (await server.PostAsync("/api/v1/disks", """{"name":"c","size":"1M","nvme-hosts":["nqn.a","me"]}""")).IsProblem(400, "nvme-hosts");
    }

    [Theory]
    [InlineData("nvme-hosts=nqn.a:1", new[] { "nqn.a:1" })]
    [InlineData("nvme-hosts=nqn.a:1;nqn.b:2,readonly", new[] { "nqn.a:1", "nqn.b:2" })]
    [InlineData("nvme-hosts=nqn.a:1,nqn.b:2,readonly", new[] { "nqn.a:1", "nqn.b:2" })]
    [InlineData("nvme-hosts=\"nqn.a:1, nqn.b:2\"", new[] { "nqn.a:1", "nqn.b:2" })]
    [InlineData("nvme-hosts=nqn.a:1;nqn.a:1", new[] { "nqn.a:1" })]
    public void Hosts_stand_in_a_disks_text(string text, string[] hosts)
    {
        Assert.Equal(hosts, DiskSpecText.Parse($"size=1M,{text}", "d", out IReadOnlyList<Fault> faults)?.NvmeHosts);
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("nvme-hosts=")]
    [InlineData("nvme-hosts=me")]
    [InlineData("nvme-hosts=nqn.")]
    [InlineData("nvme-hosts=nqn.a;")]
    [InlineData("nvme-hosts=nqn.a;b")]
    public void What_is_no_NQN_is_refused_by_the_keys_name(string text)
    {
        Assert.Null(DiskSpecText.Parse($"size=1M,{text}", "d", out IReadOnlyList<Fault> faults));
        Assert.Equal("nvme-hosts", Assert.Single(faults).Field);
    }

    [Fact]
    public async Task Listening_beyond_loopback_without_TLS_is_said()
    {
        using RecordedLog log = new();
        await using ServerHost host = await StartAsync(log, "--nbd", "127.0.0.1:0", "--nbd", "127.0.0.1:0", "--disk", "size=1M");
        Assert.Empty(log.Warnings);

        // Nobody listens there: only what would be said of it is looked at.
        Assert.Equal(
            ["--nbd", "--nvme"],
            ServerHost.FindPlain(NbdTls(false), [Far()], [Far()], null).Select(p => p.Option));
        Assert.Equal(["--nvme"], ServerHost.FindPlain(NbdTls(true), [Far()], [Far(), Near()], Near()).Select(p => p.Option));
        Assert.Equal(["--admin"], ServerHost.FindPlain(NbdTls(true), [Far()], [], Far()).Select(p => p.Option));

        static ListenEndpoint Far() => Parse("192.0.2.1:1");
        static ListenEndpoint Near() => Parse("[::1]:1");
        static Protocol.Nbd.NbdTlsMode NbdTls(bool isOn) => isOn ? Protocol.Nbd.NbdTlsMode.Selective : Protocol.Nbd.NbdTlsMode.Off;
    }

    [Theory]
    [InlineData("127.0.0.1:0,advertise=10.0.2.2:4420", "10.0.2.2:4420")]
    [InlineData("127.0.0.1:0,advertise=[2001:db8::1]:4421", "[2001:db8::1]:4421")]
    public async Task Discovery_names_the_address_that_is_advertised(string endpoint, string told)
    {
        using RecordedLog log = new();
        string[] arguments = ["--nbd", "none", "--admin", "none", "--nvme", endpoint, "--disk", "size=1M"];
        ServerOptions options = new CommandLine().Parse(arguments, TextWriter.Null)!;
        await using ServerHost host = await ServerHost.StartAsync(options, TimeProvider.System, log);
        Assert.Equal(told, $"{Assert.Single(Discover(host, Friend)).EndPoint}");
    }

    [Fact]
    public void What_is_advertised_of_one_address_counts_before_what_is_of_all()
    {
        using NvmeBench bench = new();
        bench.Target.Advertise(new IPEndPoint(IPAddress.Any, 4420), IPEndPoint.Parse("198.51.100.7:9"));
        bench.Target.Advertise(new IPEndPoint(IPAddress.Loopback, 4421), IPEndPoint.Parse("198.51.100.8:9"));
        Assert.Equal("198.51.100.7:9", Told());
        bench.Target.Advertise(new IPEndPoint(IPAddress.Loopback, 4420), IPEndPoint.Parse("198.51.100.9:9"));
        Assert.Equal("198.51.100.9:9", Told());

        string Told()
        {
            NvmeController discovery = bench.ConnectReady(nqn: NvmeNames.Discovery);
            byte[] page = NvmeBench.ReadLog(discovery, NvmeLogPage.Discovery, 2 * NvmeDiscoveryRecord.SizeBytes);
            return $"{NvmeDiscoveryRecord.Read(page.AsSpan(NvmeDiscoveryRecord.SizeBytes))!.EndPoint}";
        }
    }

    [Theory]
    [InlineData("127.0.0.1:1,advertise=", "advertise: ''")]
    [InlineData("127.0.0.1:1,advertise=host:1", "advertise: 'host:1'")]
    [InlineData("127.0.0.1:1,advertise=1.2.3.4", "advertise: '1.2.3.4'")]
    [InlineData("127.0.0.1:1,advertise=1.2.3.4:0", "advertise: '1.2.3.4:0'")]
    [InlineData("127.0.0.1:1,advertise=0.0.0.0:1", "advertise: '0.0.0.0:1'")]
    [InlineData("127.0.0.1:1,advertize=1.2.3.4:1", "'advertize=1.2.3.4:1'")]
    [InlineData("127.0.0.1:1,", "''")]
    public void What_cannot_be_advertised_is_refused(string endpoint, string fault)
    {
        StartupException e = Assert.Throws<StartupException>(() => new CommandLine().Parse(["--nvme", endpoint], TextWriter.Null));
        Assert.StartsWith($"--nvme: {fault}", Assert.Single(e.Faults), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static ListenEndpoint Parse(string text) =>
        ListenEndpoint.TryParse(text, out ListenEndpoint? endpoint) ? endpoint! : throw new ArgumentException(text, nameof(text));

    private static string NqnOf(string disk) => new NvmeIdentity(disk).Nqn;

    private static Task<ServerHost> StartAsync(RecordedLog log, params string[] arguments)
    {
        string[] nbd = arguments.Contains("--nbd") ? [] : ["--nbd", "none"];
        ServerOptions options = new CommandLine().Parse([.. arguments, .. nbd, "--admin", "none", "--nvme", "127.0.0.1:0"], TextWriter.Null)!;
        return ServerHost.StartAsync(options, TimeProvider.System, log);
    }

    private static NvmeDiscoveryRecord[] Discover(ServerHost host, string hostNqn)
    {
        using NvmeTcpClient client = NvmeTcpClient.Connect(EndPointOf(host), Options(NvmeNames.Discovery, hostNqn));
        byte[] page = new byte[NvmeDiscoveryHeader.SizeBytes * 8];
        NvmeCommand get = new NvmeGetLogPage(NvmeLogPage.Discovery, 0, page.Length, false, false).ToCommand(1);
        Assert.Equal(NvmeStatus.Success, client.Admin.Execute(get, default, page).Status);
        ulong count = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(8));
        return [.. Enumerable.Range(1, (int)count).Select(i => NvmeDiscoveryRecord.Read(page.AsSpan(i * NvmeDiscoveryRecord.SizeBytes))!)];
    }

    private static (NvmeStatus Status, uint Result) Connect(ServerHost host, string nqn, string hostNqn)
    {
        NvmeTcpClientOptions options = Options(nqn, hostNqn);
        using NvmeTcpQueue queue = NvmeTcpQueue.Open(EndPointOf(host), options);
        byte[] data = new byte[NvmeConnectData.SizeBytes];
        new NvmeConnectData(options.HostId, NvmeConnectData.AnyController, nqn, hostNqn).Write(data);
        NvmeCommand command = new NvmeConnect(0, 0, 32, false, 0).ToCommand(queue.NextCommandId());
        queue.Send(command, data, default, 0);
        NvmeCompletion completion = queue.Wait(command.CommandId);
        return (completion.Status, completion.Dw0);
    }

    private static NvmeTcpClientOptions Options(string nqn, string hostNqn) =>
        NvmeTcpBench.Options() with { SubsystemNqn = nqn, HostNqn = hostNqn, QueueCount = 0 };

    /// <summary>An address that listens everywhere is reached through loopback.</summary>
    private static IPEndPoint EndPointOf(ServerHost host) => new(IPAddress.Loopback, ((IPEndPoint)Assert.Single(host.NvmeEndpoints).EndPoint).Port);
}

using System.Security.Cryptography.X509Certificates;
using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Admin;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.NvmeTcp;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Hosting;

/// <summary>The whole server in one object: disks, front ends, HTTP. The program runs one; tests run many.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    /// <summary>How long what is in flight may take to be answered once the server stops.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly List<string> _createdFiles = [];
    private readonly ILogger<ServerHost> _logger;
    private readonly NbdFrontEnd _nbd;
    private readonly NvmeTcpFrontEnd _nvme;
    private AdminServer? _admin;
    private bool _isStopped;

    private ServerHost(ServerOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<ServerHost>();
        Disks = new DiskDirectory(time, loggers.CreateLogger<DiskDirectory>(), hasTls: options.Tls is not null)
        {
            MediaRoots = new MediaRoots(options.MediaRoots, mayBeAnywhere: options.AdminToken is not null),
        };
        _nbd = new NbdFrontEnd(
            Disks.Registry, time, ProtocolErrors, loggers.CreateLogger<NbdFrontEnd>(), options.ClientLimits, options.Tls);
        _nvme = new NvmeTcpFrontEnd(Disks.Registry, time, ProtocolErrors, loggers.CreateLogger<NvmeTcpFrontEnd>(), options.ClientLimits);

        // What power does to hosts over NVMe, their subsystems see to: they follow the registry and their disk.
        Disks.Silence = _nbd.Silence;
        Disks.Opened = disk => HostLog.RedoFound(_logger, disk.Name, disk.Found);
        Disks.Warn = warning => HostLog.DiskWarning(_logger, warning);
        TlsMode = options.Tls?.Mode ?? NbdTlsMode.Off;
        if (options.Tls?.Certificate.TargetCertificate is { } certificate && !IsValidAt(certificate, time.GetUtcNow()))
        {
            HostLog.CertificateNotValid(_logger, certificate.Subject, certificate.NotBefore, certificate.NotAfter);
        }
    }

    public DiskDirectory Disks { get; }

    public ProtocolErrors ProtocolErrors { get; } = new();

    /// <summary>What TLS is to NBD clients.</summary>
    public NbdTlsMode TlsMode { get; }

    /// <summary>Where NBD is served, with the real ports.</summary>
    public IReadOnlyList<ListenEndpoint> NbdEndpoints { get; private set; } = [];

    /// <summary>Where NVMe/TCP is served, with the real ports.</summary>
    public IReadOnlyList<ListenEndpoint> NvmeEndpoints { get; private set; } = [];

    /// <summary>Where HTTP is served, with the real port; null when it is not.</summary>
    public ListenEndpoint? AdminEndpoint => _admin?.Endpoint;

    /// <summary>Serves. Throws <see cref="StartupException"/> when that cannot be, and then nothing was left behind.</summary>
    public static async Task<ServerHost> StartAsync(ServerOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        ServerHost host = new(options, time, loggers);
        try
        {
            host.OpenDisks(options);
            host.ListenNbd(options);
            host.NvmeEndpoints = Listen("--nvme", options.Nvme, host._nvme.Listen);
            if (options.Admin is { } admin)
            {
                host._admin = await AdminServer.StartAsync(admin, options, host.Disks, host.ProtocolErrors, time, loggers);
            }

            host.WarnOfPlainText();
            return host;
        }
        catch
        {
            await host.UndoAsync();
            throw;
        }
    }

    /// <summary>Serves one client that is connected already; the task ends with its connection.</summary>
    internal Task ServeAsync(ClientLink client) => _nbd.ServeAsync(client);

    /// <summary>Orderly: clients are let go, every disk is flushed and off. False when a disk could not be flushed.</summary>
    public async Task<bool> StopAsync()
    {
        if (_isStopped)
        {
            return true;
        }

        _isStopped = true;
        _admin?.AnnounceStop();
        await Task.WhenAll(_nbd.StopAsync(StopGrace), _nvme.StopAsync(StopGrace));
        if (_admin is not null)
        {
            await _admin.StopAsync(StopGrace);
        }

        bool isClean = true;
        foreach (DiskControl control in Disks.All.ToArray())
        {
            try
            {
                if (!await Disks.CloseAsync(control, acceptLoss: false))
                {
                    isClean = false;
                    HostLog.FlushFailed(_logger, control.Disk.Name);
                }
            }
            catch (ObjectDisposedException)
            {
                // A request that outlived HTTP has taken it out of service, flushed.
            }
        }

        await _nbd.DisposeAsync();
        await _nvme.DisposeAsync();
        Disks.Dispose();
        return isClean;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static bool IsValidAt(X509Certificate2 certificate, DateTimeOffset now) =>
        certificate.NotBefore <= now.LocalDateTime && now.LocalDateTime <= certificate.NotAfter;

    private void WarnOfPlainText()
    {
        if (TlsMode == NbdTlsMode.Required && NvmeEndpoints.Count > 0)
        {
            HostLog.NvmeBesideRequiredTls(_logger);
        }

        foreach ((string option, ListenEndpoint endpoint) in FindPlain(TlsMode, NbdEndpoints, NvmeEndpoints, AdminEndpoint))
        {
            HostLog.PlainBeyondLoopback(_logger, option, endpoint);
        }
    }

    /// <summary>Where other machines can come in without TLS: NBD may have it, NVMe/TCP and HTTP do not.</summary>
    internal static IEnumerable<(string Option, ListenEndpoint Endpoint)> FindPlain(
        NbdTlsMode tls, IEnumerable<ListenEndpoint> nbd, IEnumerable<ListenEndpoint> nvme, ListenEndpoint? admin)
    {
        IEnumerable<(string Option, ListenEndpoint Endpoint)> all =
        [
            .. tls == NbdTlsMode.Off ? nbd.Select(e => ("--nbd", e)) : [],
            .. nvme.Select(e => ("--nvme", e)),
            .. admin is null ? [] : new[] { ("--admin", admin) },
        ];
        return all.Where(p => !p.Endpoint.IsLoopback);
    }

    private void OpenDisks(ServerOptions options)
    {
        foreach (DiskSpec spec in options.Disks)
        {
            string? path = spec.Options.FilePath;
            bool isNew = path is not null && !File.Exists(path);
            try
            {
                _ = Disks.TryOpen(spec) ?? throw new StartupException($"--disk: name: two disks are called '{spec.Options.Name}'; names must differ");
            }
            catch (Exception e) when (e is ArgumentException or DeviceIoException)
            {
                throw new StartupException($"--disk: {spec.Options.Name}: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            if (isNew)
            {
                _createdFiles.Add(path!);
            }
        }
    }

    private void ListenNbd(ServerOptions options)
    {
        ListenEndpoint[] adopted = [.. options.HandedOver.Select(_nbd.Adopt)];
        NbdEndpoints = [.. adopted, .. Listen("--nbd", options.Nbd, _nbd.Listen)];
    }

    private static List<ListenEndpoint> Listen(string option, IEnumerable<ListenEndpoint> endpoints, Func<ListenEndpoint, ListenEndpoint> listen)
    {
        List<ListenEndpoint> bound = [];
        foreach (ListenEndpoint endpoint in endpoints)
        {
            try
            {
                bound.Add(listen(endpoint));
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException or UnauthorizedAccessException)
            {
                throw new StartupException($"{option}: cannot listen on {endpoint}: {e.Message.ReplaceLineEndings(" ")}", e);
            }
        }

        return bound;
    }

    /// <summary>A start that failed leaves nothing: images that it created are empty, and go.</summary>
    private async Task UndoAsync()
    {
        _isStopped = true;
        await _nbd.StopAsync(TimeSpan.Zero);
        await _nvme.StopAsync(TimeSpan.Zero);
        Disks.Dispose();
        foreach (string path in _createdFiles)
        {
            File.Delete(path);
        }
    }
}

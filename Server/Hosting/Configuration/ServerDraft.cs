using System.Net.Sockets;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Transport;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>The server's options as written, before they are judged as a whole. Null = not given.</summary>
internal sealed class ServerDraft
{
    public IReadOnlyList<DiskSpec>? Disks { get; set; }

    public IReadOnlyList<string>? Nbd { get; set; }

    public IReadOnlyList<string>? Nvme { get; set; }

    /// <summary>From the command line only, and then a configuration file's NBD endpoints are not listened on.</summary>
    public bool IsStdio { get; init; }

    /// <summary>From the command line only: it is about this one start.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>Likewise.</summary>
    public bool ExitsWithParent { get; init; }

    /// <summary>Sockets that listen already; they stand in for the default endpoint.</summary>
    public IReadOnlyList<Socket> HandedOver { get; init; } = [];

    public string? Admin { get; set; }

    public string? AdminTokenFile { get; set; }

    public bool? InsecureAdmin { get; set; }

    public IReadOnlyList<string>? AdminHosts { get; set; }

    public IReadOnlyList<string>? MediaRoots { get; set; }

    public LimitsDraft Limits { get; init; } = new();

    public TlsDraft Tls { get; init; } = new();

    /// <summary>Takes what is not given here from the configuration file.</summary>
    public void FillFrom(ServerDraft config)
    {
        Disks ??= config.Disks;
        Nbd ??= IsStdio ? null : config.Nbd;
        Nvme ??= IsStdio ? null : config.Nvme;
        Admin ??= config.Admin;
        AdminTokenFile ??= config.AdminTokenFile;
        InsecureAdmin ??= config.InsecureAdmin;
        AdminHosts ??= config.AdminHosts;
        MediaRoots ??= config.MediaRoots;
        Limits.FillFrom(config.Limits);
        Tls.FillFrom(config.Tls);
    }

    /// <summary>Judges the whole; every fault is one line that names the option.</summary>
    public ServerOptions Build()
    {
        List<string> faults = [];
        IReadOnlyList<DiskSpec> disks = Disks ?? [DiskSpec.CreateDefault()];
        foreach (string name in disks.GroupBy(d => d.Options.Name, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            faults.Add($"--disk: name: two disks are called '{name}'; names must differ");
        }

        List<ListenEndpoint> nbd = ParseNbd(faults);
        List<ListenEndpoint> nvme = ParseNvme(faults);
        ListenEndpoint? admin = null;
        string adminText = Admin ?? (IsStartedByClient ? "none" : ServerOptions.DefaultAdmin);
        if (adminText is not "none" && !ListenEndpoint.TryParse(adminText, out admin))
        {
            faults.Add($"--admin: '{Admin}' is not {EndpointForms}, or none");
        }

        (string, ListenEndpoint)[] listeners =
            [.. nbd.Select(static e => ("--nbd", e)), .. nvme.Select(static e => ("--nvme", e)), .. admin is null ? [] : new[] { ("--admin", admin) }];
        faults.AddRange(ListenerConflicts.Find(listeners));
        FrontEndLimits limits = Limits.Build(faults, DescriptorLimit.MaxConnections);
        string? token = AdminTokenFile is null ? null : ReadToken(AdminTokenFile, faults);
        if (admin is { IsLoopback: false } && AdminTokenFile is null && InsecureAdmin != true)
        {
            faults.Add(
                $"--admin: {admin} can be reached from other machines, and whoever reaches it may cut the power; "
                + "give --admin-token-file FILE (or --insecure-admin if that is meant)");
        }

        if (AdminHosts?.Any(string.IsNullOrWhiteSpace) == true)
        {
            faults.Add("--admin-host: '' is no host name");
        }

        faults.AddRange((MediaRoots ?? []).Where(r => !Directory.Exists(r)).Select(r => $"--media-root: '{r}' is no folder"));
        NbdTls? tls = Tls.Build(faults);
        return faults.Count > 0 ? throw new StartupException(faults) : new ServerOptions
        {
            Disks = disks,
            Nbd = nbd,
            Nvme = nvme,
            HandedOver = HandedOver,
            IsStdio = IsStdio,
            ReadyFile = ReadyFile,
            ExitsWithParent = ExitsWithParent,
            ClientLimits = limits,
            Admin = admin,
            AdminToken = token,
            AdminHosts = AdminHosts ?? [],
            MediaRoots = MediaRoots ?? [],
            Tls = tls,
        };
    }

    private const string EndpointForms = "an address such as 127.0.0.1:10809, [::1]:10809 or unix:PATH (at most 107 bytes)";

    private const string NvmeEndpointForms = "an address such as 127.0.0.1:4420 or [::1]:4420";

    // A client that started us for itself has no use for default ports, and they may be another server's.
    private bool IsStartedByClient => IsStdio || HandedOver.Count > 0;

    private List<ListenEndpoint> ParseNbd(List<string> faults)
    {
        IReadOnlyList<string> texts = Nbd ?? (IsStartedByClient ? ["none"] : [ServerOptions.DefaultNbd]);
        List<ListenEndpoint> endpoints = [];
        if (IsStdio && (HandedOver.Count > 0 || texts is not ["none"]))
        {
            string other = HandedOver.Count > 0 ? "LISTEN_FDS (socket activation)" : "--nbd";
            faults.Add($"--stdio: serves one client and listens nowhere; it cannot stand beside {other}");
        }

        ParseEndpoints("--nbd", texts, EndpointForms, endpoints, faults);
        return endpoints;
    }

    private List<ListenEndpoint> ParseNvme(List<string> faults)
    {
        List<ListenEndpoint> endpoints = [];
        IReadOnlyList<string> texts = Nvme ?? ["none"];
        if (IsStdio && texts is not ["none"])
        {
            faults.Add("--stdio: serves one client and listens nowhere; it cannot stand beside --nvme");
        }

        ParseEndpoints("--nvme", texts, NvmeEndpointForms, endpoints, faults);
        foreach (ListenEndpoint endpoint in endpoints.Where(e => e.UnixPath is not null))
        {
            faults.Add($"--nvme: '{endpoint}' is no TCP address, and NVMe/TCP is spoken over nothing else; give {NvmeEndpointForms}");
        }

        return endpoints;
    }

    private static void ParseEndpoints(
        string option, IReadOnlyList<string> texts, string forms, List<ListenEndpoint> endpoints, List<string> faults)
    {
        if (texts is ["none"])
        {
            return;
        }

        foreach (string text in texts)
        {
            if (text == "none")
            {
                faults.Add($"{option}: none cannot stand beside another endpoint");
            }
            else if (TryParseEndpoint(option, text, out ListenEndpoint? endpoint, out string? fault))
            {
                endpoints.Add(endpoint!);
            }
            else
            {
                faults.Add($"{option}: {fault ?? $"'{text}' is not {forms}, or none"}");
            }
        }
    }

    private static bool TryParseEndpoint(string option, string text, out ListenEndpoint? endpoint, out string? fault)
    {
        fault = null;
        return option == "--nvme" ? ListenEndpoint.TryParseAdvertised(text, out endpoint, out fault) : ListenEndpoint.TryParse(text, out endpoint);
    }

    private static string? ReadToken(string path, List<string> faults)
    {
        const int MaxTokenBytes = 4096;
        try
        {
            using FileStream stream = File.OpenRead(path);
            byte[] buffer = new byte[MaxTokenBytes + 1];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            string token = System.Text.Encoding.UTF8.GetString(JsonUnicode.WithoutMark(buffer.AsMemory(0, length)).Span).Trim();
            if (length <= MaxTokenBytes && token.Length >= 16 && token.All(c => c is > ' ' and < '\x7f'))
            {
                return token;
            }

            faults.Add($"--admin-token-file: {path} must hold one line of 16 to {MaxTokenBytes} printable ASCII characters");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"--admin-token-file: cannot read '{path}': {e.Message.ReplaceLineEndings(" ")}");
        }

        return null;
    }
}

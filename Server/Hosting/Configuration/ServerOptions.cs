using System.Net.Sockets;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>What the server was asked to be; already judged, except for what only the host can tell.</summary>
public sealed record ServerOptions
{
    public const string DefaultNbd = "127.0.0.1:10809";

    public const string DefaultAdmin = "127.0.0.1:10810";

    public required IReadOnlyList<DiskSpec> Disks { get; init; }

    /// <summary>Where NBD is to be listened for.</summary>
    public required IReadOnlyList<ListenEndpoint> Nbd { get; init; }

    /// <summary>Where NVMe/TCP is to be listened for.</summary>
    public IReadOnlyList<ListenEndpoint> Nvme { get; init; } = [];

    /// <summary>Sockets that listen for NBD already, handed over by whoever started the server. The host owns them.</summary>
    public IReadOnlyList<Socket> HandedOver { get; init; } = [];

    /// <summary>What the clients of each front end may take at most.</summary>
    public FrontEndLimits ClientLimits { get; init; } = new();

    /// <summary>One client, on standard input and output.</summary>
    public bool IsStdio { get; init; }

    /// <summary>The file that says that the server serves; null = none.</summary>
    public string? ReadyFile { get; init; }

    /// <summary>Whether the server ends once its parent is gone.</summary>
    public bool ExitsWithParent { get; init; }

    /// <summary>Whether a client started the server for itself.</summary>
    public bool IsStartedByClient => IsStdio || HandedOver.Count > 0;

    /// <summary>Null = no HTTP at all.</summary>
    public required ListenEndpoint? Admin { get; init; }

    /// <summary>The bearer token's text; null = none is asked for.</summary>
    public string? AdminToken { get; init; }

    /// <summary>How NBD does TLS; null = not at all.</summary>
    public NbdTls? Tls { get; init; }

    /// <summary>Folders in which disks made over HTTP may have their images.</summary>
    public IReadOnlyList<string> MediaRoots { get; init; } = [];

    /// <summary>Names besides <c>localhost</c> and IP addresses by which clients may call the admin interface.</summary>
    public IReadOnlyList<string> AdminHosts { get; init; } = [];
}

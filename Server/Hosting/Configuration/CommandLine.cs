using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>The program's options. What does not exist yet is unknown, and refused.</summary>
internal sealed class CommandLine
{
    private readonly RootCommand _command = new(
        "Serves virtual disks over NBD and NVMe/TCP with the promises of a real NVMe drive, and cuts their power over HTTP. "
        + "Without any option: one 1 GiB disk in memory, NBD on 127.0.0.1:10809, HTTP on 127.0.0.1:10810.");

    private readonly Option<string[]> _disk = new("--disk")
    {
        Description = "A disk: name=disk0,size=4G,medium=memory|file:PATH,block=512|4096,awun=,awupf=,acwu=,nabsn=,nabspf=,nabo=,"
            + "mam=on|off,cache=64M|off,loss=random:0.5,seed=42,sync=fsync|none,readonly,tls,nvme-hosts=NQN;NQN,"
            + "description=,minblock=,maxpayload=,npwg=,noiob=. Repeatable. "
            + "A value with a comma stands in double quotes.",
        HelpName = "SPEC",
    };

    private readonly Option<string[]> _nbd = new("--nbd")
    {
        Description = $"Where NBD listens: ADDRESS:PORT, [ADDRESS]:PORT, unix:PATH or none. Repeatable. Default {ServerOptions.DefaultNbd}.",
        HelpName = "ENDPOINT",
    };

    private readonly Option<string[]> _nvme = new("--nvme")
    {
        Description = "Where NVMe/TCP listens: ADDRESS:PORT, [ADDRESS]:PORT or none, and behind it ,advertise=ADDRESS:PORT for hosts that come "
            + "through an address translation. It has no TLS. Repeatable. Default none; 4420 by convention.",
        HelpName = "ENDPOINT",
    };

    private readonly Option<string?> _maxConnections = new("--max-connections")
    {
        Description = "Connections of each front end at one time. Default 4096, or what the process' descriptors allow.",
        HelpName = "N",
    };

    private readonly Option<string?> _maxBufferMemory = new("--max-buffer-memory")
    {
        Description = "Memory for requests and replies of all connections of a front end together. Default 1G.",
        HelpName = "SIZE",
    };

    private readonly Option<string?> _admin = new("--admin")
    {
        Description = $"Where HTTP listens, or none. Default {ServerOptions.DefaultAdmin}.",
        HelpName = "ENDPOINT",
    };

    private readonly Option<string[]> _adminHost = new("--admin-host")
    {
        Description = "A host name by which clients may call the HTTP interface, besides localhost and IP addresses. Repeatable.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _adminTokenFile = new("--admin-token-file")
    {
        Description = "A file with the token that HTTP clients must send as Authorization: Bearer.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _mediaRoot = new("--media-root")
    {
        Description = "A folder in which disks made over HTTP may have their images. Repeatable. Without it they are in memory, or anywhere "
            + "where a token is asked for.",
        HelpName = "DIR",
    };

    private readonly Option<bool> _insecureAdmin = new("--insecure-admin")
    {
        Description = "Lets HTTP listen beyond loopback without a token.",
    };

    private readonly Option<bool> _stdio = new("--stdio")
    {
        Description = "Serves one client on standard input and output, and ends when it is done. HTTP is off unless --admin is given.",
    };

    private readonly Option<string?> _tls = new("--tls")
    {
        Description = "TLS on every NBD endpoint: off; selective: for clients that want it, and for disks with the key tls no other "
            + "way; required. Default: required with --tls-cert, else off.",
        HelpName = "MODE",
    };

    private readonly Option<string?> _tlsCert = new("--tls-cert")
    {
        Description = "A PEM file with the server's certificate, then those between it and its root.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _tlsKey = new("--tls-key")
    {
        Description = "A PEM file with the certificate's key. Default: the certificate's file.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _tlsCa = new("--tls-ca")
    {
        Description = "A PEM file with the certificates that a client's certificate must lead to; without it clients need none.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _readyFile = new("--ready-file")
    {
        Description = "A file that is there, whole, once the server serves, until its orderly end: JSON with endpoints, disks and pid.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _exitWithParent = new("--exit-with-parent")
    {
        Description = "Ends in order once the process that started it is gone.",
    };

    private readonly Option<string?> _config = new("--config")
    {
        Description = "The same as JSON; options given here override it.",
        HelpName = "FILE",
    };

    public CommandLine()
    {
        _command.Directives.Clear();
        Option[] options =
        [
            _disk, _nbd, _nvme, _stdio, _maxConnections, _maxBufferMemory, _admin, _adminHost, _adminTokenFile, _insecureAdmin, _mediaRoot, _tls,
            _tlsCert, _tlsKey, _tlsCa, _readyFile, _exitWithParent, _config,
        ];
        foreach (Option option in options)
        {
            _command.Options.Add(option);
        }
    }

    /// <summary>The options; or null after <c>--help</c> or <c>--version</c> were answered. Throws
    /// <see cref="StartupException"/> with one line for each fault.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Where help and version are written.</param>
    /// <param name="handedOver">Sockets that listen already (see <see cref="SocketActivation"/>).</param>
    public ServerOptions? Parse(
        IReadOnlyList<string> arguments, TextWriter output, IReadOnlyList<Socket>? handedOver = null)
    {
        if (OptionWords.FindWithoutValue(arguments, _command) is { } option)
        {
            throw new StartupException($"{option}: needs a value; --help lists the options");
        }

        ParseResult result = _command.Parse(
            arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (result.Errors.Count > 0)
        {
            throw new StartupException(Describe(result.Errors[0]));
        }

        if (result.Action is not null)
        {
            result.Invoke(new InvocationConfiguration { Output = output });
            return null;
        }

        ServerDraft draft = Read(result, handedOver ?? []);
        if (result.GetValue(_config) is { } path)
        {
            draft.FillFrom(ConfigFile.Read(path));
        }

        return draft.Build();
    }

    private ServerDraft Read(ParseResult result, IReadOnlyList<Socket> handedOver)
    {
        List<string> faults = [];
        List<DiskSpec> disks = [];
        string[] specs = result.GetValue(_disk) ?? [];
        for (int i = 0; i < specs.Length; i++)
        {
            DiskSpec? disk = DiskSpecText.Parse(specs[i], $"disk{i}", out IReadOnlyList<Fault> diskFaults);
            string place = specs.Length == 1 ? "--disk" : $"--disk (number {i + 1})";
            faults.AddRange(diskFaults.Select(fault => $"{place}: {fault}"));
            if (disk is not null)
            {
                disks.Add(disk);
            }
        }

        return faults.Count > 0 ? throw new StartupException(faults[0]) : new ServerDraft
        {
            Disks = specs.Length == 0 ? null : disks,
            Nbd = result.GetValue(_nbd) is { Length: > 0 } nbd ? nbd : null,
            Nvme = result.GetValue(_nvme) is { Length: > 0 } nvme ? nvme : null,
            IsStdio = result.GetValue(_stdio),
            ReadyFile = result.GetValue(_readyFile),
            ExitsWithParent = result.GetValue(_exitWithParent),
            HandedOver = handedOver,
            Limits = new LimitsDraft
            {
                MaxConnections = result.GetValue(_maxConnections),
                MaxBufferMemory = result.GetValue(_maxBufferMemory),
            },
            Admin = result.GetValue(_admin),
            AdminHosts = result.GetValue(_adminHost) is { Length: > 0 } hosts ? hosts : null,
            AdminTokenFile = result.GetValue(_adminTokenFile),
            MediaRoots = result.GetValue(_mediaRoot) is { Length: > 0 } roots ? roots : null,
            Tls = new TlsDraft
            {
                Mode = result.GetValue(_tls),
                CertificatePath = result.GetValue(_tlsCert),
                KeyPath = result.GetValue(_tlsKey),
                ClientRootsPath = result.GetValue(_tlsCa),
            },
            InsecureAdmin = result.GetResult(_insecureAdmin) is null ? null : result.GetValue(_insecureAdmin),
        };
    }

    private static string Describe(ParseError error) =>
        error.Message.ReplaceLineEndings(" ").TrimEnd('.') + "; --help lists the options";
}

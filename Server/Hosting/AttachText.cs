using System.Net;
using System.Text;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nvme;
using BlockEmu.Shell;

namespace BlockEmu.Server.Hosting;

/// <summary>What the server prints once it serves: its disks with their seeds, how to attach, how to cut.</summary>
internal static class AttachText
{
    // Stands for where the client has ca-cert.pem, and client-cert.pem and client-key.pem if it is to show them.
    private const string CertificateFolder = "CERTIFICATES";

    public static string Write(ServerHost host)
    {
        StringBuilder text = new();
        text.Append("BlockEmu serves\n");
        foreach (DiskControl control in host.Disks.All)
        {
            DiskOptions options = control.Disk.Options;
            text.Append($"  {PrintableText.Escape(options.Name)}: {ByteSize.Format(control.Disk.SizeBytes)} "
                + $"({PrintableText.Escape(options.FilePath ?? "memory")}), "
                + $"block {options.BlockSizeBytes}, awupf {ByteSize.Format(options.EffectiveAtomicity.EffectiveAwupfBytes)}, "
                + $"cache {(options.CacheBytes == 0 ? "off" : ByteSize.Format(options.CacheBytes))}, "
                + $"loss {options.Loss}, seed {options.Seed}{(options.IsReadOnly ? ", read-only" : "")}\n");
        }

        string disk = host.Disks.All.Select(c => c.Disk.Name).FirstOrDefault("disk0");
        bool isSecret = host.Disks.All.FirstOrDefault() is { Served.IsTlsOnly: true };

        // The kernel's block size is what nbd-client says, whatever the server wants.
        int block = host.Disks.All.Select(c => c.Disk.Options.BlockSizeBytes).FirstOrDefault(512);
        string blockOption = block == 512 ? "" : $" -b {block}";
        foreach (ListenEndpoint endpoint in host.NbdEndpoints)
        {
            text.Append($"NBD on {PrintableText.Escape(endpoint.Text)}\n");
            if (host.TlsMode != NbdTlsMode.Off)
            {
                text.Append($"  TLS is {(host.TlsMode == NbdTlsMode.Required ? "required" : "there for those who want it")}\n");
            }

            AppendNbd(text, endpoint, disk, blockOption, host.TlsMode == NbdTlsMode.Required || isSecret);
        }

        string? open = host.Disks.All.FirstOrDefault(c => !c.Served.IsHiddenFromNvme)?.Disk.Name;
        foreach (ListenEndpoint endpoint in host.NvmeEndpoints)
        {
            AppendNvme(text, (IPEndPoint)endpoint.EndPoint, open);
        }

        if (host.AdminEndpoint is { } admin)
        {
            string curl = admin.UnixPath is { } path ? $"--unix-socket {Quote(path)} " : "";
            string authority = admin.UnixPath is null ? Reachable((IPEndPoint)admin.EndPoint) : "localhost";
            text.Append($"HTTP on {PrintableText.Escape(admin.Text)}\n")
                .Append($"  curl {curl}-X POST {Quote($"http://{authority}/api/v1/disks/{Uri.EscapeDataString(disk)}/power/cut")}\n")
                .Append($"  curl {curl}-X POST {Quote($"http://{authority}/api/v1/disks/{Uri.EscapeDataString(disk)}/power/on")}\n");
        }

        return text.ToString();
    }

    private static void AppendNbd(StringBuilder text, ListenEndpoint endpoint, string disk, string blockOption, bool hasTls)
    {
        string name = Uri.EscapeDataString(disk);
        string scheme = hasTls ? "nbds" : "nbd";
        string kernelTls = hasTls ? $" -cacertfile {CertificateFolder}/ca-cert.pem" : "";
        if (endpoint.UnixPath is { } path)
        {
            text.Append($"  nbd-client -unix {Quote(path)} -N {Quote(disk)}{blockOption}{kernelTls}{(hasTls ? " -tlshostname localhost" : "")} /dev/nbd0\n");
            string uri = $"{scheme}+unix:///{name}?socket={Uri.EscapeDataString(Path.GetFullPath(path))}";
            AppendUri(text, uri, '&', $"server.type=unix,server.path={path.Replace(",", ",,")}", disk, hasTls);
            return;
        }

        IPEndPoint ip = (IPEndPoint)endpoint.EndPoint;
        string host = IPEndPoint.Parse(Reachable(ip)).Address.ToString();
        text.Append($"  nbd-client {host} {ip.Port} -N {Quote(disk)}{blockOption}{kernelTls} /dev/nbd0\n");
        AppendUri(text, $"{scheme}://{Reachable(ip)}/{name}", '?', $"server.type=inet,server.host={host},server.port={ip.Port}", disk, hasTls);
    }

    private static void AppendNvme(StringBuilder text, IPEndPoint endpoint, string? disk)
    {
        IPEndPoint reached = IPEndPoint.Parse(Reachable(endpoint));
        string where = $"-t tcp -a {reached.Address} -s {reached.Port}";
        text.Append($"NVMe/TCP on {endpoint}\n")
            .Append($"  nvme discover {where}\n")
            .Append(disk is null ? "  no disk: NVMe/TCP has no TLS here\n" : $"  nvme connect {where} -n {Quote(new NvmeIdentity(disk).Nqn)}\n");
    }

    /// <summary>QEMU takes no URI with TLS.</summary>
    private static void AppendUri(StringBuilder text, string uri, char separator, string server, string disk, bool hasTls)
    {
        string qemu = hasTls
            ? $"-object tls-creds-x509,id=tls,endpoint=client,dir={CertificateFolder} -drive "
                + Quote($"driver=nbd,{server},export={disk.Replace(",", ",,")},tls-creds=tls")
            : $"-drive {Quote($"driver=raw,file={uri.Replace(",", ",,")}")}";
        string fuse = hasTls ? $"{uri}{separator}tls-certificates={CertificateFolder}" : uri;
        text.Append($"  qemu-system-x86_64 {qemu},if=virtio,cache=none ...\n")
            .Append($"  nbdfuse DIRECTORY {Quote(fuse)}\n");
    }

    /// <summary>An address that listens everywhere is reached here through loopback.</summary>
    private static string Reachable(IPEndPoint endpoint) => endpoint.Address switch
    {
        { } a when a.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, endpoint.Port).ToString(),
        { } a when a.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, endpoint.Port).ToString(),
        _ => endpoint.ToString(),
    };

    /// <summary>As a shell takes it: plain where nothing needs quoting; what no terminal shows in the escapes of bash.</summary>
    private static string Quote(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,+%[]@".Contains(c))
            ? word
            : PrintableText.IsPlain(word)
                ? $"'{word.Replace("'", "'\\''")}'"
                : $"$'{PrintableText.Escape(word.Replace("\\", "\\\\").Replace("'", "\\'"))}'";
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlockEmu.Fuzz.Live;

/// <summary>A server of our own in a child process, on a Unix socket in a folder of its own.</summary>
public sealed class ServerChild : IDisposable
{
    /// <summary>The disk that only the good client uses; hostile clients do not know its name.</summary>
    public const string GoodDisk = "kept-for-the-good-client";

    /// <summary>The same of the good NVMe host.</summary>
    public const string GoodNvmeDisk = GoodDisk + "-over-nvme";

    private const int MaxErrorLines = 1000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    // Small disks: what hostile clients write is soon all there is, and memory stays comparable.
    private static readonly string[] s_disks =
    [
        "name=disk0,size=4M,cache=1M,seed=1,description=for hostile clients",
        "name=grid,size=1M,block=4096,cache=64K,minblock=4096,maxpayload=1M,seed=2",
        "name=ro,size=1M,readonly,seed=3",
        $"name={GoodDisk},size=16M,cache=1M,seed=4",
        $"name={GoodNvmeDisk},size=16M,cache=1M,seed=5",
    ];

    private readonly Process _process;
    private readonly string _folder;
    private readonly TaskCompletionSource _isUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Protects what the server said on standard error.
    private readonly Lock _gate = new();
    private readonly List<string> _errors = [];
    private volatile IPEndPoint? _nvme;

    private ServerChild(Process process, string folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>Once it serves.</summary>
    public LiveTarget Target => new(new UnixDomainSocketEndPoint(Path.Combine(_folder, "nbd")), GoodDisk) { HasTls = true, NvmeEndPoint = _nvme };

    public bool IsAlive => !_process.HasExited;

    /// <summary>The lines in which it says that a fault of its own ended something, or worse.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate)
            {
                return [.. _errors.Where(static l => l.Contains("fault of ours", StringComparison.Ordinal)
                    || l.Contains(" fail: ", StringComparison.Ordinal) || l.Contains(" crit: ", StringComparison.Ordinal)
                    || l.Contains("Unhandled", StringComparison.Ordinal))];
            }
        }
    }

    /// <summary>Starts it and waits until it serves.</summary>
    /// <param name="program">The server's program or DLL; null = the one built with this program.</param>
    public static ServerChild Start(string? program)
    {
        program ??= Path.Combine(AppContext.BaseDirectory, "blockemu-server.dll");
        string folder = Directory.CreateTempSubdirectory("blockemu-fuzz-").FullName;
        bool isDll = program.EndsWith(".dll", StringComparison.Ordinal);
        ProcessStartInfo start = new(isDll ? "dotnet" : program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        string[] arguments =
        [
            .. isDll ? [program] : Array.Empty<string>(), "--admin", "none", "--nbd", $"unix:{folder}/nbd", "--nvme", "127.0.0.1:0",
            "--tls", "selective", "--tls-cert", WriteCertificate(folder),
            .. s_disks.SelectMany(static d => new[] { "--disk", d }),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        ServerChild child = new(new Process { StartInfo = start }, folder);
        try
        {
            child.StartReading();
            return child._isUp.Task.Wait(s_patience) && child.IsAlive
                ? child
                : throw new InvalidOperationException($"the server did not start: {string.Join(' ', child._errors)}");
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    /// <summary>A certificate of its own with its key, in one file.</summary>
    private static string WriteCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        string path = Path.Combine(folder, "server.pem");
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return path;
    }

    /// <summary>Resident memory now, bytes; 0 when it is gone.</summary>
    public long ReadRssBytes()
    {
        try
        {
            string line = File.ReadLines($"/proc/{_process.Id}/status").First(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None) << 10;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        if (IsAlive)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void StartReading()
    {
        _process.OutputDataReceived += (_, line) =>
        {
            // The last endpoint that it names.
            const string nvme = "NVMe/TCP on ";
            if (line.Data is { } text && text.StartsWith(nvme, StringComparison.Ordinal))
            {
                _nvme = IPEndPoint.Parse(text[nvme.Length..]);
                _isUp.TrySetResult();
            }
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_gate)
            {
                if (line.Data is { Length: > 0 } text && _errors.Count < MaxErrorLines)
                {
                    _errors.Add($" {text}");
                }
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }
}

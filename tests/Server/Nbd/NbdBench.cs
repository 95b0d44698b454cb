using System.Net.Sockets;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Transport;
using BlockEmu.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A live front end over TCP and a Unix socket, with two small disks and a huge one.</summary>
internal sealed class NbdBench : IAsyncDisposable
{
    public const long DiskBytes = 80 << 20;
    public const long HugeBytes = 1L << 42;

    /// <summary>No test waits for this long; it turns a hanging server into a failure.</summary>
    public static readonly TimeSpan Patience = Pace.Seconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("blockemu-nbd-");

    public NbdBench(FrontEndLimits? limits = null, TimeProvider? time = null, int minimumBlockBytes = 1, NbdTls? tls = null)
    {
        DiskOptions first = new()
        {
            Name = "disk0",
            SizeBytes = DiskBytes,
            Description = "the first",
            Seed = 7,
            Loss = LossModel.LoseAll,
        };
        First = Serve(first, minimumBlockBytes);
        ReadOnly = Serve(new DiskOptions { Name = "ro", SizeBytes = 1 << 20, IsReadOnly = true, Seed = 7 });
        Huge = Serve(new DiskOptions { Name = "huge", SizeBytes = HugeBytes, Seed = 7 });
        if (tls is not null)
        {
            Serve(new Disk(new DiskOptions { Name = TlsBench.SecretName, SizeBytes = 1 << 20, Seed = 7 }), isTlsOnly: true);
        }

        FrontEnd = new NbdFrontEnd(
            Disks, time ?? TimeProvider.System, ProtocolErrors, NullLogger<NbdFrontEnd>.Instance, limits, tls);
        Tcp = FrontEnd.Listen(Parse("127.0.0.1:0"));
        Unix = FrontEnd.Listen(Parse($"unix:{UnixPath}"));
    }

    public DiskRegistry Disks { get; } = new();

    public ProtocolErrors ProtocolErrors { get; } = new();

    public NbdFrontEnd FrontEnd { get; }

    public ListenEndpoint Tcp { get; }

    public ListenEndpoint Unix { get; }

    public ServedDisk First { get; }

    public ServedDisk ReadOnly { get; }

    public ServedDisk Huge { get; }

    public string UnixPath => Path.Combine(_directory.FullName, "nbd.sock");

    public static ListenEndpoint Parse(string text) =>
        ListenEndpoint.TryParse(text, out ListenEndpoint? endpoint) ? endpoint! : throw new ArgumentException(text, nameof(text));

    public static byte[] Pattern(int lengthBytes, byte salt = 1)
    {
        byte[] bytes = new byte[lengthBytes];
        for (int i = 0; i < lengthBytes; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8) + salt);
        }

        return bytes;
    }

    public static byte[] Request(
        NbdCommand command, ulong cookie, ulong offsetBytes, uint lengthBytes, ReadOnlySpan<byte> payload = default,
        NbdCommandFlags flags = NbdCommandFlags.None)
    {
        byte[] bytes = new byte[NbdRequestHeader.SizeBytes + payload.Length];
        new NbdRequestHeader(flags, command, cookie, offsetBytes, lengthBytes).Write(bytes);
        payload.CopyTo(bytes.AsSpan(NbdRequestHeader.SizeBytes));
        return bytes;
    }

    public static NbdSimpleReply ReadReply(Stream stream)
    {
        byte[] bytes = new byte[NbdSimpleReply.SizeBytes];
        stream.ReadExactly(bytes);
        Assert.True(NbdSimpleReply.TryRead(bytes, out NbdSimpleReply reply));
        return reply;
    }

    /// <summary>Reads until the server ends the connection; says how much came and whether it was a reset.</summary>
    public static (long Bytes, bool IsReset) ReadToEnd(Stream stream)
    {
        byte[] bytes = new byte[1 << 16];
        long total = 0;
        try
        {
            while (true)
            {
                int count = stream.Read(bytes);
                if (count == 0)
                {
                    return (total, false);
                }

                total += count;
            }
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return (total, true);
        }
    }

    /// <summary>Connected and greeted; nothing chosen.</summary>
    public NbdClient Connect(bool unix = false) => NbdClient.Connect((unix ? Unix : Tcp).EndPoint, Patience);

    /// <summary>A bare connection.</summary>
    public NetworkStream OpenStream(bool unix = false) => NbdClient.OpenStream((unix ? Unix : Tcp).EndPoint, Patience);

    /// <summary>A client with the export chosen.</summary>
    public NbdClient Open(string name = "", bool unix = false)
    {
        NbdClient client = Connect(unix);
        client.Go(name);
        return client;
    }

    /// <summary>Negotiates a style of replies.</summary>
    public static void Use(NbdClient client, NbdReplyStyle style)
    {
        if (style == NbdReplyStyle.Structured)
        {
            client.UseStructuredReplies();
        }
        else if (style == NbdReplyStyle.Extended)
        {
            client.UseExtendedHeaders();
        }
    }

    /// <summary>Lets time pass for the server in round trips of another disk.</summary>
    public void LetOthersWork()
    {
        using NbdClient client = Open("huge");
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(NbdError.None, client.Write(i * 4096L, Pattern(4096)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await FrontEnd.DisposeAsync();
        foreach (ServedDisk served in Disks.All)
        {
            served.Disk.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    /// <summary>One more disk, on a sparse file of 1 MiB whose medium the test has in its hand.</summary>
    public ServedDisk ServeFailing(string name, out FailingMedium medium)
    {
        FailingMedium? made = null;
        DiskOptions options = new()
        {
            Name = name,
            SizeBytes = 1 << 20,
            FilePath = Path.Combine(_directory.FullName, name),
            SyncToHost = false,
            Seed = 7,
            Loss = LossModel.LoseAll,
        };
        ServedDisk served = Serve(new Disk(options, events: null, inner => made = new FailingMedium(inner)));
        medium = made!;
        return served;
    }

    /// <summary>One more disk.</summary>
    public ServedDisk Serve(DiskOptions options, int minimumBlockBytes = 1) => Serve(new Disk(options), minimumBlockBytes);

    private ServedDisk Serve(Disk disk, int minimumBlockBytes = 1, bool isTlsOnly = false)
    {
        var served = new ServedDisk(disk) { NbdMinimumBlockBytes = minimumBlockBytes, IsTlsOnly = isTlsOnly };
        Assert.True(Disks.TryAdd(served));
        return served;
    }
}

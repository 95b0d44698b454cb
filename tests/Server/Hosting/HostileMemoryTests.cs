using System.Globalization;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>What clients can make a server of its own process hold, as the kernel counts it.</summary>
public sealed class HostileMemoryTests
{
    private const long MiB = 1 << 20;
    private const int Largest = 64 << 20;

    [Fact]
    public async Task E4_N11_2000_idle_connections_cost_less_than_100_KiB_each_and_disturb_nobody()
    {
        const int count = 2000;
        using TempFolder folder = new();
        using ChildServer server = await StartAsync(folder);
        using NbdClient good = Open(folder);
        Assert.Equal(NbdError.None, good.Write(0, NbdBench.Pattern(4096)));
        long before = ReadRssBytes(server);
        NbdClient[] idle = [.. Enumerable.Range(0, count).Select(_ => Open(folder))];
        SpinWait.SpinUntil(() => CountThreads(server) < 100, NbdBench.Patience);
        Assert.InRange(CountThreads(server), 1, 100);
        Assert.InRange((ReadRssBytes(server) - before) / count, long.MinValue, 100 << 10);
        byte[] read = new byte[4096];
        Assert.Equal(NbdError.None, good.Read(0, read));
        Assert.Equal(NbdBench.Pattern(4096), read);
        Assert.Equal(NbdError.None, idle[^1].Read(0, read));
        Array.ForEach(idle, c => c.Dispose());
    }

    [Fact]
    public async Task E4_N18_32_stalled_readers_with_64_MiB_queued_and_as_many_stalled_writers_stay_within_the_budget()
    {
        const long budget = 256 * MiB;
        using TempFolder folder = new();
        using ChildServer server = await StartAsync(folder, "--max-buffer-memory", "256M");
        using NbdClient good = Open(folder);
        byte[] read = new byte[128 << 10];
        Assert.Equal(NbdError.None, good.Read(0, read));
        long before = ReadRssBytes(server);
        List<NbdClient> stalled = [];
        for (int i = 0; i < 32; i++)
        {
            stalled.Add(Open(folder));
            stalled[^1].Stream.Write([.. NbdBench.Request(NbdCommand.Read, 1, 0, Largest), .. NbdBench.Request(NbdCommand.Read, 2, 0, Largest)]);
            stalled.Add(Open(folder));
            stalled[^1].Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, Largest, new byte[50_000]));
        }

        for (int i = 0; i < 200; i++)
        {
            byte[] written = NbdBench.Pattern(read.Length, (byte)i);
            Assert.Equal(NbdError.None, good.Write(0, written));
            Assert.Equal(NbdError.None, good.Read(0, read));
            Assert.True(written.AsSpan().SequenceEqual(read));
        }

        // The disk's cache, and the stacks of those that wait.
        Assert.InRange(ReadRssBytes(server) - before, long.MinValue, budget + (64 * MiB));
        stalled.ForEach(c => c.Dispose());
    }

    private static async Task<ChildServer> StartAsync(TempFolder folder, params string[] options)
    {
        ChildServer server = ChildServer.Start(
            ["--admin", "none", "--nbd", $"unix:{folder.File("nbd")}", "--disk", "size=1G,cache=16M", .. options]);
        using StreamReader output = new(server.Wire, leaveOpen: true);
        Assert.NotNull(await output.ReadLineAsync().WaitAsync(NbdBench.Patience));
        return server;
    }

    private static NbdClient Open(TempFolder folder)
    {
        NbdClient client = NbdClient.Connect(new UnixDomainSocketEndPoint(folder.File("nbd")), NbdBench.Patience);
        client.Go("");
        return client;
    }

    private static long ReadRssBytes(ChildServer server) => ReadStatus(server, "VmRSS:") << 10;

    private static long CountThreads(ChildServer server) => ReadStatus(server, "Threads:");

    private static long ReadStatus(ChildServer server, string field)
    {
        string line = File.ReadLines($"/proc/{server.ProcessId}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

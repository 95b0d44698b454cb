using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

public sealed class HostMemoryTests : IDisposable
{
    private readonly TempFolder _root = new();

    [Theory]
    [InlineData("0::/a/b", "sys/fs/cgroup/a/memory.max", "536870912", 536870912)]
    [InlineData("0::/a/b", "sys/fs/cgroup/a/b/memory.max", "max", 8589934592)]
    [InlineData("0::/on/the/host", "sys/fs/cgroup/memory.max", "1073741824", 1073741824)]
    [InlineData("4:memory:/x\n0::/", "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "268435456", 268435456)]
    [InlineData("4:cpu,memory:/x", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712", 8589934592)]
    [InlineData("4:cpu:/x", "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1", 8589934592)]
    public void The_smallest_limit_counts(string groups, string file, string limit, long expected)
    {
        Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
        Write("proc/self/cgroup", groups + "\n");
        Write(file, limit + "\n");
        HostMemory memory = new(_root.Path);
        Assert.Equal(expected, memory.Limit!.Value.Bytes);
        Assert.Null(memory.Warn("a", expected - 1, 1));
        Assert.Contains($"has {expected} bytes and the other disks in memory 1", memory.Warn("a", expected, 1), StringComparison.Ordinal);
        Assert.Contains($"is {expected}:", memory.Warn("a", expected + 1, 0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_larger_than_the_host_is_warned_of_at_start_and_when_it_is_made()
    {
        using ChildServer server = ChildServer.Run(
            ChildServer.Program, ["--nbd", "none", "--admin", "127.0.0.1:0", "--disk", "name=huge,size=16T"], readsErrors: false);
        string line = (await server.Errors.ReadLineAsync(TestContext.Current.CancellationToken))!;
        Assert.Contains($"disk huge in memory has {16L << 40} bytes, and ", line, StringComparison.Ordinal);

        await using TestServer other = await TestServer.StartAsync("--disk", "size=1M");
        Answer made = await other.PostAsync("/api/v1/disks", "{\"name\":\"huge\",\"size\":\"16T\"}");
        Assert.Contains($"disk huge in memory has {16L << 40} bytes", made.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("disk disk0 in memory", (await other.GetAsync("/api/v1/disks")).Text, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private void Write(string path, string text)
    {
        string full = _root.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}

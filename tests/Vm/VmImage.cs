using System.Collections.Concurrent;

[assembly: AssemblyFixture(typeof(BlockEmu.Vm.Tests.VmImage))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace BlockEmu.Vm.Tests;

/// <summary>The VMs of <c>tools/vm/build</c>, each built once for all tests; found in its cache where it was built before.</summary>
public sealed class VmImage
{
    /// <summary>Debian's own kernel.</summary>
    public const string Stable = "stable";

    /// <summary>The newest that Debian has for it.</summary>
    public const string Newest = "newest";

    private static readonly string[] Programs =
        ["qemu-system-x86_64", "cpio", "xz", "zstd", "apt-get", "dpkg-deb", "gcc", "python3", "nbdkit"];

    private readonly ConcurrentDictionary<string, Lazy<Task<ToolRun>>> _builds = new(StringComparer.Ordinal);

    /// <summary>Builds one at the first call. Where programs are missing the test is skipped, but fails in CI.</summary>
    public async Task RequireAsync(string kernel = Stable)
    {
        string[] missing = [.. Programs.Where(program => !IsOnPath(program))];
        string reason = $"{string.Join(", ", missing)} missing: install the packages of tools/packages.txt";
        bool isCi = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
        Assert.False(isCi && missing.Length > 0, reason);
        Assert.SkipWhen(missing.Length > 0, reason);

        ToolRun build = await _builds.GetOrAdd(
            kernel, static name => new(() => ToolRun.StartAsync(Repository.Tool("vm/build"), "--kernel", name))).Value;
        Assert.True(build.ExitCode == 0, build.Everything);
    }

    /// <summary>Runs commands in the guest with the stable kernel.</summary>
    internal Task<ToolRun> RunAsync(string commands, params string[] qemuOptions) => RunOnAsync(Stable, commands, qemuOptions);

    /// <summary>Runs commands in the guest with one of the kernels.</summary>
    internal async Task<ToolRun> RunOnAsync(string kernel, string commands, params string[] qemuOptions)
    {
        await RequireAsync(kernel);
        return await ToolRun.StartAsync(Repository.Tool("vm/run"), ["-k", kernel, commands, .. qemuOptions]);
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}

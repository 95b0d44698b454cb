[assembly: AssemblyFixture(typeof(BlockEmu.Vm.Tests.VmImage))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace BlockEmu.Vm.Tests;

/// <summary>The VM of <c>tools/vm/build</c>, built once for all tests; found in its cache where it was built before.</summary>
public sealed class VmImage
{
    private static readonly string[] Programs =
        ["qemu-system-x86_64", "cpio", "xz", "zstd", "apt-get", "dpkg-deb", "gcc", "python3", "nbdkit"];

    private readonly Lazy<Task<ToolRun>> _build = new(() => ToolRun.StartAsync(Repository.Tool("vm/build")));

    /// <summary>Builds it at the first call. Where programs are missing the test is skipped, but fails in CI.</summary>
    public async Task RequireAsync()
    {
        string[] missing = [.. Programs.Where(program => !IsOnPath(program))];
        string reason = $"{string.Join(", ", missing)} missing: install the packages of tools/packages.txt";
        bool isCi = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
        Assert.False(isCi && missing.Length > 0, reason);
        Assert.SkipWhen(missing.Length > 0, reason);

        ToolRun build = await _build.Value;
        Assert.True(build.ExitCode == 0, build.Everything);
    }

    /// <summary>Runs commands in the guest.</summary>
    internal async Task<ToolRun> RunAsync(string commands, params string[] qemuOptions)
    {
        await RequireAsync();
        return await ToolRun.StartAsync(Repository.Tool("vm/run"), [commands, .. qemuOptions]);
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}

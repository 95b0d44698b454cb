using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>File systems of the host's kernel on a disk, through nbdfuse and a loop device. Needs root.</summary>
public sealed class HostFileSystemTests
{
    // XFS wants 300 MiB at least.
    private const long SizeBytes = 512L << 20;
    private const ulong Files = 40;

    /// <summary>mkfs, and the user-space check that must find nothing.</summary>
    private static readonly Dictionary<string, (string[] Make, string[] Check)> _kinds = new()
    {
        ["ext4"] = (["mkfs.ext4", "-q", "-F"], ["e2fsck", "-f", "-n"]),
        ["xfs"] = (["mkfs.xfs", "-q", "-f"], ["xfs_repair", "-n"]),
        ["btrfs"] = (["mkfs.btrfs", "-q", "-f"], ["btrfs", "check", "--readonly"]),
    };

    [Theory]
    [InlineData("ext4", 512, Transport.Tcp)]
    [InlineData("xfs", 4096, Transport.Unix)]
    [InlineData("btrfs", 4096, Transport.Tcp)]
    public async Task What_was_unmounted_in_order_survives_a_cut_that_loses_all_it_may(string kind, int block, Transport transport)
    {
        await using LiveServer server = await StartAsync(block);
        await using (LoopDevice device = await LoopDevice.AttachAsync(server.Uri(transport)))
        {
            await RunAsync(_kinds[kind].Make, device.Path);
            await using MountedFileSystem mounted = await MountedFileSystem.MountAsync(kind, device.Path);
            for (ulong number = 0; number < Files; number++)
            {
                HostFile.Write(mounted.Path, number, sync: false);
            }

            await ProgramRun.SucceedAsync("sync", "--file-system", mounted.Path);
            await mounted.UnmountAsync();
            await RunAsync(_kinds[kind].Check, device.Path);
        }

        await server.LosePowerAsync();
        await VerifyAsync(server.Uri(transport), kind, Enumerable.Range(0, (int)Files).Select(n => (ulong)n));
    }

    [Theory]
    [InlineData("ext4", OffBehaviour.Error, 401)]
    [InlineData("xfs", OffBehaviour.Reset, 402)]
    [InlineData("btrfs", OffBehaviour.Error, 403)]
    public async Task What_was_fsynced_before_a_cut_is_there_after_recovery(string kind, OffBehaviour behaviour, ulong seed)
    {
        await using LiveServer server = await StartAsync(block: 512);
        await using (LoopDevice device = await LoopDevice.AttachAsync(server.Uri(Transport.Tcp)))
        {
            await RunAsync(_kinds[kind].Make, device.Path);
        }

        SplitMix64 chance = new(seed);
        List<ulong> fsynced = [];
        for (int round = 0; round < 2; round++)
        {
            await using (LoopDevice device = await LoopDevice.AttachAsync(server.Uri(Transport.Tcp)))
            {
                await using MountedFileSystem mounted = await MountedFileSystem.MountAsync(kind, device.Path);
                using HostWriter writer = new(mounted.Path, firstNumber: (ulong)round << 32, cutAt: 5 + (int)chance.NextBelow(25));
                Assert.True(writer.IsTime.Wait(LiveServer.Patience), "the writer does not get on");
                await server.Control.CutAsync(chance.Next() >> 11, round == 0 ? LossModel.LoseAll : LossModel.Default, behaviour);
                fsynced.AddRange(writer.Finish());

                // The kernel notices by itself; it must be gone before the power returns, or it would hide what was lost.
                await mounted.UnmountAsync();
            }

            await server.Control.PowerOnAsync();
            await VerifyAsync(server.Uri(Transport.Tcp), kind, fsynced);
        }
    }

    private static Task<LiveServer> StartAsync(int block) =>
        LiveServer.StartAsync(LiveServer.DefaultDisk with { SizeBytes = SizeBytes, BlockSizeBytes = block });

    /// <summary>Mounts, which recovers; compares; unmounts, and nothing may be wrong with what is left.</summary>
    private static async Task VerifyAsync(string uri, string kind, IEnumerable<ulong> numbers)
    {
        await using LoopDevice device = await LoopDevice.AttachAsync(uri);
        await using MountedFileSystem mounted = await MountedFileSystem.MountAsync(kind, device.Path);
        Assert.All(numbers, number => Assert.True(HostFile.IsThere(mounted.Path, number), $"{kind}: file {number} is lost or damaged"));
        await mounted.UnmountAsync();
        await RunAsync(_kinds[kind].Check, device.Path);
    }

    private static Task<ProgramRun> RunAsync(string[] command, string device) =>
        ProgramRun.SucceedAsync(command[0], [.. command[1..], device]);
}

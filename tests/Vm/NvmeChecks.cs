namespace BlockEmu.Vm.Tests;

/// <summary>The boot of <c>nvme-*.sh</c> with one kernel, on four CPUs: disks of several promises, over NVMe/TCP.</summary>
public abstract class NvmeChecks : GuestChecks
{
    private readonly string _kernel;

    private protected NvmeChecks(VmImage vm, string kernel)
        : base(vm, kernel) => _kernel = kernel;

    private protected override async Task<ToolRun> BootAsync()
    {
        await using TestServer server = await TestServer.StartAsync(
            "name=disk512,size=512M,block=512,awupf=16K,seed=1",
            "name=disk4096,size=512M,block=4096,seed=1",
            "name=unit512,size=512M,awupf=512,seed=1",
            "name=unit12k,size=64M,awupf=12K,seed=1",
            "name=unit16k,size=1G,awupf=16K,seed=1",
            "name=unit64k,size=64M,block=4096,awupf=64K,seed=1",
            "name=unit2m,size=64M,awupf=2M,seed=1",
            "name=boundary,size=64M,awupf=16K,nabspf=32K,seed=1",
            "name=boundary48k,size=64M,awupf=16K,nabspf=48K,seed=1",
            "name=nabo,size=64M,awupf=16K,nabspf=32K,nabo=4K,seed=1",
            "name=npwg,size=64M,awupf=16K,npwg=512,seed=1",
            "name=noiob,size=64M,awupf=16K,noiob=8K,seed=1",
            "name=npwg16k,size=64M,awupf=12K,npwg=16K,seed=1",
            "name=power,size=256M,awupf=16K,seed=1");
        return await RunScriptsAsync(
            ["nvme-host.sh", "nvme-commands.sh", "nvme-atomic.sh", "nvme-power.sh"],
            $"kernel={_kernel} port={server.NvmePort} admin={server.AdminPort}",
            "-smp", "4");
    }
}

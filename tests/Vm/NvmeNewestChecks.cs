namespace BlockEmu.Vm.Tests;

/// <summary>With the newest kernel.</summary>
public sealed class NvmeNewestChecks(VmImage vm) : NvmeChecks(vm, VmImage.Newest);

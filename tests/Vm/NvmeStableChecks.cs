namespace BlockEmu.Vm.Tests;

/// <summary>With Debian's own kernel.</summary>
public sealed class NvmeStableChecks(VmImage vm) : NvmeChecks(vm, VmImage.Stable);

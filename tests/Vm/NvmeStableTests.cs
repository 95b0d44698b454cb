namespace BlockEmu.Vm.Tests;

/// <summary>With Debian's own kernel, whose file systems do not have <c>RWF_ATOMIC</c> yet.</summary>
public sealed class NvmeStableTests(NvmeStableChecks guest) : NvmeTests(guest), IClassFixture<NvmeStableChecks>;

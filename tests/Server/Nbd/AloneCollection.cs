namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Runs when no other test does: what it measures belongs to the whole process.</summary>
[CollectionDefinition(NbdAllocationTests.Alone, DisableParallelization = true)]
public sealed class AloneCollection;

namespace BlockEmu.Fuzz.Targets;

/// <summary>The code under test did not keep a rule that holds for every input.</summary>
public sealed class BrokenPromiseException(string message) : Exception(message);

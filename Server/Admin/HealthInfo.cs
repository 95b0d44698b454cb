namespace BlockEmu.Server.Admin;

/// <summary>The answer of <c>/healthz</c> and <c>/readyz</c>.</summary>
/// <param name="Status"><c>ok</c>, <c>starting</c> or <c>stopping</c>.</param>
public sealed record HealthInfo(string Status);

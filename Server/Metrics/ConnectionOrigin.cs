namespace BlockEmu.Server.Metrics;

/// <summary>Whose connection it is.</summary>
/// <param name="Address"><c>ADDRESS:PORT</c>, or <c>unix</c>; null where it is not known.</param>
/// <param name="ConnectedAt">When it was accepted.</param>
public sealed record ConnectionOrigin(string? Address, DateTimeOffset ConnectedAt);

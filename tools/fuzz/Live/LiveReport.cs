namespace BlockEmu.Fuzz.Live;

/// <summary>What a live run came to.</summary>
/// <param name="Connections">Hostile ones.</param>
/// <param name="GoodOperations">The good clients' requests, every one answered and right.</param>
/// <param name="RssAfterWarmUpBytes">Means of some seconds each; 0 = not known.</param>
/// <param name="RssAtEndBytes">As above, while the load still runs.</param>
public sealed record LiveReport(long Connections, long GoodOperations, long RssAfterWarmUpBytes, long RssAtEndBytes);

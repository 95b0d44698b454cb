using System.Collections.Concurrent;

namespace BlockEmu.Server.Metrics;

/// <summary>Counts what clients did wrong on the wire, by kind (a small fixed vocabulary of snake_case words, never client text).</summary>
public sealed class ProtocolErrors
{
    private readonly ConcurrentDictionary<(string FrontEnd, string Kind), long> _counts = new();

    public void Count(string frontEnd, string kind) => _counts.AddOrUpdate((frontEnd, kind), 1, static (_, n) => n + 1);

    public IReadOnlyList<((string FrontEnd, string Kind) Label, long Count)> Read() =>
        [.. _counts.OrderBy(p => p.Key).Select(p => (p.Key, p.Value))];
}

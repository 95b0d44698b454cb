namespace BlockEmu.Server.Admin.Power;

/// <summary>The body of a cut; everything is optional, and so is the body.</summary>
/// <param name="Seed">The cut's own seed; a number or a string. Default: hash(disk seed, cut number).</param>
/// <param name="Loss">The loss model: <c>lose-all</c>, <c>keep-all</c>, <c>random:P</c>, <c>aged:P..Q</c>, <c>fifo</c>,
/// <c>epoch</c>, <c>adversary</c>, <c>explicit:LIST</c>. Default: the disk's.</param>
/// <param name="Clients">What clients see while the disk is off: <c>reset</c>, <c>hang</c>, <c>error</c>,
/// <c>reconnect</c>. Default: the disk's <c>offBehaviour</c>.</param>
public sealed record CutRequest(ulong? Seed, string? Loss, string? Clients);

/// <summary>The body of a recut; as <see cref="CutRequest"/>.</summary>
public sealed record RecutRequest(ulong? Seed, string? Loss);

/// <summary>The body of a cycle: a cut, a pause, power on.</summary>
/// <param name="Seed">As in a cut.</param>
/// <param name="Loss">As in a cut.</param>
/// <param name="Clients">As in a cut.</param>
/// <param name="OffMs">How long the power stays off, milliseconds, 0 to 600,000. Default 0.</param>
public sealed record CycleRequest(ulong? Seed, string? Loss, string? Clients, int? OffMs);

/// <summary>The body of a power on.</summary>
/// <param name="Accept"><c>lose-all</c>: take the old platter when the cut could not be judged; all that was pending is lost.</param>
public sealed record PowerOnRequest(string? Accept);

/// <summary>The body of a shutdown.</summary>
/// <param name="Clients">As in a cut.</param>
public sealed record ShutdownRequest(string? Clients);

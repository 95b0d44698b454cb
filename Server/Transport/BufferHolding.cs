namespace BlockEmu.Server.Transport;

/// <summary>What a connection holds of a share, and what its client had moved at some instant.</summary>
/// <param name="Bytes">What it holds.</param>
/// <param name="MovedBytes">What its client had moved.</param>
/// <param name="SinceTicks">When that was: ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal readonly record struct BufferHolding(long Bytes, long MovedBytes, long SinceTicks);

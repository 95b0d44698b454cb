namespace BlockEmu.Server.Transport;

/// <summary>The memory of the buffers of all connections together.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Beyond <see cref="PooledBuffer.SmallBytes"/> for each direction, which every connection has for
/// itself, nothing is held that was not taken from a share.</description></item>
/// <item><description>Half is for requests and half for replies, and of each half a quarter for buffers up to
/// <see cref="PooledBuffer.BaseBytes"/>: large payloads, however many, leave the others' memory alone.</description></item>
/// <item><description>Nobody waits for ever: shares are waited for in one order (small requests, large requests, small
/// replies, large replies), and who stalls while others wait loses its connection.</description></item>
/// </list>
/// </remarks>
internal sealed class BufferBudget
{
    private const int SmallParts = 4;

    public BufferBudget(FrontEndLimits limits)
    {
        long halfBytes = limits.MaxBufferBytes / 2;
        long smallBytes = halfBytes / SmallParts;
        SmallRequests = new BufferShare(smallBytes, limits.StallPatience);
        LargeRequests = new BufferShare(halfBytes - smallBytes, limits.StallPatience);
        SmallReplies = new BufferShare(smallBytes, limits.StallPatience);
        LargeReplies = new BufferShare(halfBytes - smallBytes, limits.StallPatience);
    }

    public BufferShare SmallRequests { get; }

    public BufferShare LargeRequests { get; }

    public BufferShare SmallReplies { get; }

    public BufferShare LargeReplies { get; }

    /// <summary>What is taken of all shares.</summary>
    public long UsedBytes =>
        SmallRequests.UsedBytes + LargeRequests.UsedBytes + SmallReplies.UsedBytes + LargeReplies.UsedBytes;
}

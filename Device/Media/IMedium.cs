namespace BlockEmu.Device.Media;

/// <summary>The platter: persistent bytes.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>What a completed <see cref="Apply"/> or <see cref="Write"/> changed is what reads return from then on.</description></item>
/// <item><description>A failed <see cref="Apply"/> throws <see cref="DeviceIoException"/> and may have changed some of its blocks,
/// never others; no block is torn by it.</description></item>
/// <item><description>An immediate medium never waits: it may be used under the disk's lock. Others are used outside it, by one
/// writer at a time; reads run beside the writer, never over the same blocks.</description></item>
/// <item><description>Where what holds the platter is not there any more, or not as large, an operation that meets that fails, with
/// <see cref="DeviceIoException.IsMediumLost"/>; <see cref="Sync"/> looks for it. It never answers with zeroes instead.</description></item>
/// </list>
/// </remarks>
internal interface IMedium : IDisposable
{
    /// <summary>Whether no operation ever waits.</summary>
    bool IsImmediate { get; }

    /// <summary>Bytes allocated.</summary>
    long PersistentBytes { get; }

    void Read(long offsetBytes, Span<byte> destination);

    /// <summary>Carries out a sealed delta; with <paramref name="keepUndo"/> what it replaces is kept.</summary>
    IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo);

    /// <summary>Replaces block-aligned bytes (PUT platter, while off). All-zero pages are not allocated.</summary>
    void Write(long offsetBytes, ReadOnlySpan<byte> bytes);

    /// <summary>Makes everything written so far survive a crash of the host, where that was asked for, and sees that whoever looks for
    /// the platter finds it there.</summary>
    void Sync();

    /// <summary>What tells that somebody else has written or replaced the platter: it stays equal as long as nobody has.</summary>
    PlatterStamp Stamp();

    /// <summary>While the disk is off: goes on with the platter as it is found now, which a tool may have written or replaced. Throws
    /// <see cref="DeviceIoException"/> that says what does not fit; then nothing has changed.</summary>
    /// <returns>Where it is another file: what a killed server had left beside it.</returns>
    RedoFinding? Refresh();

    /// <summary>The platter is about to be used for a while (power on, a recut): other programs are kept out, once for each
    /// <see cref="LetOthersIn"/> to come; a new medium is kept so already. Throws <see cref="DeviceIoException"/> when one is in.</summary>
    void KeepOthersOut()
    {
    }

    /// <summary>It is not used for now: while a disk is off, other programs may open its image.</summary>
    void LetOthersIn()
    {
    }

    /// <summary>The first range at or after an offset that may hold something but zeroes, or null.</summary>
    ByteRange? NextPopulated(long offsetBytes);

    /// <summary>As <see cref="NextPopulated(long)"/>, of what lies before an end: what is beyond costs nothing.</summary>
    ByteRange? NextPopulated(long offsetBytes, long endBytes);
}

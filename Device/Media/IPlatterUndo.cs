namespace BlockEmu.Device.Media;

/// <summary>What a delta replaced: the same cut can be judged again. Used once: restored or let go.</summary>
internal interface IPlatterUndo : IDisposable
{
    /// <summary>Reads the platter as it was before the delta; the medium must not have changed otherwise since.</summary>
    void ReadOld(long offsetBytes, Span<byte> destination);

    /// <summary>The first range at or after an offset where the old platter may hold something but zeroes, or null.</summary>
    ByteRange? NextPopulatedOld(long offsetBytes);

    /// <summary>Puts the old content back.</summary>
    void Restore();
}

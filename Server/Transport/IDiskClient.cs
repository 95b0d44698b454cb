namespace BlockEmu.Server.Transport;

/// <summary>A connection in the eyes of the disk that it has named. All of it from any thread.</summary>
internal interface IDiskClient
{
    /// <summary>Whether it serves requests of the disk.</summary>
    bool IsTransmitting { get; }

    /// <summary>Before a cut's <see cref="Silence"/>: the power has gone.</summary>
    void LosePower();

    /// <summary>After a cut: returns when no success can leave any more; false when that took resetting the connection.</summary>
    bool Silence(TimeSpan patience);

    /// <summary>Drops the connection at once; when this returns, nothing can leave on it any more.</summary>
    void Reset();

    /// <summary>Whether the connection comes from before the disk's present power-on.</summary>
    bool IsFromBefore(long powerEpoch);
}

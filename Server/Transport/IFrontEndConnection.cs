namespace BlockEmu.Server.Transport;

/// <summary>A connection in the eyes of its front end. All of it from any thread.</summary>
internal interface IFrontEndConnection
{
    /// <summary>What is being carried out is answered, then the connection ends.</summary>
    void Stop();

    /// <summary>Drops the connection at once; when this returns, nothing can leave on it any more.</summary>
    void Reset();
}

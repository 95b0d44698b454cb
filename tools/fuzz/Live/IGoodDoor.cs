namespace BlockEmu.Fuzz.Live;

/// <summary>The good client's way to its disk. An answer is null, or the error in words.</summary>
internal interface IGoodDoor : IDisposable
{
    /// <summary>Nothing here takes a hundredth of it.</summary>
    static TimeSpan Deadline => TimeSpan.FromSeconds(15);

    long SizeBytes { get; }

    string? Write(long offsetBytes, ReadOnlySpan<byte> data);

    string? Read(long offsetBytes, Span<byte> destination);

    string? Flush();

    /// <summary>Ends the session as one should.</summary>
    void Leave();
}

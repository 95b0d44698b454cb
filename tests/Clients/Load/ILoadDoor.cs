namespace BlockEmu.Clients.Tests.Load;

/// <summary>One client's connection to the disk, in its protocol. For one thread, but for <see cref="ForbidMore"/>; a lost connection
/// is an <see cref="IOException"/>.</summary>
internal interface ILoadDoor : IDisposable
{
    /// <summary>Whether requests consist of whole blocks.</summary>
    bool NeedsBlocks { get; }

    /// <summary>Sends a request; returns its name.</summary>
    ulong Submit(LoadCommand command, long offsetBytes, int lengthBytes, ReadOnlySpan<byte> payload, bool isFua);

    LoadAnswer Wait(ulong name, Span<byte> data);

    /// <summary>From now on nothing may arrive, where that can be told to the byte.</summary>
    void ForbidMore();
}
